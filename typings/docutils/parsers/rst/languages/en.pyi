directives: dict[str, str]
roles: dict[str, str]
