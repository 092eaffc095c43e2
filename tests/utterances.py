"""What users say to an assistant with tools, written for this project: requests and the rest.

The functions are a mixture as users have them: with English, Chinese and bilingual docstrings, some
declared read-only, some not.
"""

from collections.abc import Callable
from typing import Any

from groundglm.tools import tool


def delete_user(user_id: int) -> str:
    """Delete a user account. 删除一个用户账号。"""
    return f"deleted {user_id}"


def transfer_money(amount: float, recipient: str) -> str:
    """Transfer money to somebody. 给某人转账。"""
    return "transferred"


def cancel_order(order_id: str) -> str:
    """取消一个订单。"""
    return "cancelled"


def turn_off_lights(room: str) -> str:
    """Turn off the lights in a room."""
    return "off"


def close_windows() -> str:
    """关闭所有的窗户。"""
    return "closed"


def reset_password() -> str:
    """Reset the user's password."""
    return "reset"


def send_email(to: str, text: str) -> str:
    """Send an email. 发送一封电子邮件。"""
    return "sent"


def book_flight(origin: str, destination: str) -> str:
    """Book a flight. 预订机票。"""
    return "booked"


def set_volume(level: int) -> str:
    """Set the volume of the speaker, from 0 to 100. 设置音箱的音量。"""
    return "set"


@tool(read_only=True)
def get_weather(city: str) -> str:
    """Get the weather of a city. 查询某个城市的天气。"""
    return "sunny"


@tool(read_only=True)
def get_stock_price(symbol: str) -> str:
    """Get the price of a stock."""
    return "1.0"


@tool(read_only=True)
def track_parcel(parcel_number: str) -> str:
    """查询快递包裹的物流状态。"""
    return "on its way"


FUNCTIONS: tuple[Callable[..., Any] | Any, ...] = (
    delete_user, transfer_money, cancel_order, turn_off_lights, close_windows, reset_password,
    send_email, book_flight, set_volume, get_weather, get_stock_price, track_parcel,
)  # fmt: skip

#: Negated, hypothetical, asked about, told, quoted: none of these may call or propose anything.
NO_REQUESTS_EN = (
    # negated
    "Don't delete user 5",
    "Do not transfer 250 to Bob.",
    "Please don't reset my password.",
    "Never turn off the lights in the Kitchen.",
    "Under no circumstances cancel order A1234.",
    "You must not delete user 7.",
    "I would rather you did not send an email to Alice saying hello.",
    "No need to book a flight from London to Paris.",
    "Stop, do not set the volume to 90!",
    "Delete user 5. No wait, don't.",
    "Set the volume to 30. Never mind.",
    "Can you please not turn off the lights in the Hall?",
    # hypothetical
    "If user 5 leaves, delete user 5.",
    "Delete user 5 if Bob agrees.",
    "What if I transfer 500 to Bob?",
    "Suppose you cancel order A1234 tomorrow.",
    "Unless it rains, turn off the lights in the Garden.",
    "Imagine you had to reset my password.",
    "Would it help to set the volume to 20?",
    "Assuming the price falls, book a flight from Rome to Oslo.",
    "In case of fire, turn off the lights in the Hall.",
    "Should I delete user 12?",
    # asked about
    "How do I delete user 5?",
    "How often must users reset their password?",
    "Who deleted user 9?",
    "When was order A1234 cancelled?",
    "Why were the lights in the Kitchen turned off?",
    "Which paper says that passwords are reset every year?",
    "What happens when I transfer 100 to Bob?",
    "Is it possible to cancel order A1234?",
    "Did you send an email to Alice?",
    "Can users delete their account?",
    "Does anybody know whether order A1234 can be cancelled?",
    "Who sets the volume to 11?",
    "Have you booked the flight from London to Paris?",
    "Delete user 5?",
    "Please tell me how to delete user 5.",
    "Please explain the policy on cancelling order A1234.",
    # told
    "We transferred 250 to Bob yesterday.",
    "He deleted user 5 last week.",
    "She wants to cancel order A1234.",
    "My password was reset this morning.",
    "The lights in the Kitchen turn off at ten.",
    "Transfer fees are high at this bank.",
    "Flight bookings from London to Paris are cheap.",
    "Bob will send an email to Alice.",
    "The admin can delete user 5.",
    "Cancelling order A1234 took three days.",
    "Delete user 5 is what the script does.",
    "The volume is set to 30.",
    "Users reset their password every ninety days.",
    # quoted
    "The manual says: delete user 5.",
    "“Please delete user 5” was the last line of the email.",
    "He wrote \"transfer 250 to Bob\" on the board.",
    "My boss told me to cancel order A1234.",
    "Translate 'delete user 5' for me.",
    "The song is called \"Turn off the lights\".",
    "In the film somebody shouts: turn off the lights in the Hall!",
    "The button is labelled \"Reset password\".",
    "It asked me \"Can you delete user 5?\"",
)  # fmt: skip
NO_REQUESTS_ZH = (
    # negated
    "不要删除用户 5",
    "请不要给小王转账 250 元。",
    "别取消订单 A1234",
    "请勿关闭窗户。",
    "千万不要重置我的密码。",
    "先别发邮件给张三。",
    "我没有让你删除用户 7。",
    "无需预订从北京到上海的机票。",
    "不用把音量调到 90。",
    "禁止删除用户 5。",
    "取消订单 A1234。算了，还是不取消。",
    "删除用户 5，开玩笑的，别删。",
    # hypothetical
    "如果用户 5 离职，就删除用户 5。",
    "要是给小王转账 500 元会怎样？",
    "假如取消订单 A1234，能退多少钱？",
    "万一窗户没关怎么办？",
    "除非下雨，否则关闭窗户。",
    "删除用户 5 的话会影响数据吗？",
    "假设你要重置密码。",
    "我是否应该取消订单 A1234？",
    "等小王同意了再转账 250 元给小王，如果他同意的话。",
    # asked about
    "为什么客厅的灯没有关闭？",
    "取消订单 A1234 需要什么手续？",
    "怎么删除用户 5？",
    "谁删除了用户 9？",
    "订单 A1234 是什么时候取消的？",
    "如何重置密码？",
    "窗户是谁关闭的？",
    "转账 250 元给小王要多久？",
    "能取消订单 A1234 吗？",
    "用户可以删除账号吗？",
    "删除用户 5 有什么后果？",
    "音量是多少？",
    "请问取消订单的流程是什么？",
    "请问如何给小王转账 250 元？",
    "北京到上海的机票贵吗？",
    "取消订单 A1234？",
    "请介绍一下删除用户的规定。",
    # told
    "昨天取消了订单 A1234。",
    "他已经给小王转账 250 元。",
    "小李删除了用户 5。",
    "我上周重置了密码。",
    "窗户每天晚上十点关闭。",
    "转账功能很好用。",
    "取消订单的人越来越多。",
    "管理员会删除用户 5。",
    "删除用户需要管理员权限。",
    "张三要给李四发邮件。",
    "预订机票的网站打不开。",
    "她想取消订单 A1234。",
    "关闭窗户是个好习惯。",
    # quoted
    "他说：“请删除用户 5。”",
    "邮件里写着“取消订单 A1234”。",
    "“帮我转账 250 元给小王”是一句骗人的话。",
    "说明书上写：关闭窗户。",
    "老板让我删除用户 5。",
    "电影里有人喊“关闭窗户”。",
    "按钮上写的是“重置密码”。",
    "他问我能不能删除用户 5。",
    "请求删除用户 5 的邮件是假的。",
)  # fmt: skip

#: A plain request, the function it asks for and all of its arguments.
REQUESTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("Delete user 5", "delete_user", {"user_id": 5}),
    ("Please delete user account 12.", "delete_user", {"user_id": 12}),
    ("Can you remove user 7?", "delete_user", {"user_id": 7}),
    ("Transfer 250 to Bob", "transfer_money", {"amount": 250, "recipient": "Bob"}),
    ("Please transfer 99.5 dollars to Alice Smith.", "transfer_money",
     {"amount": 99.5, "recipient": "Alice Smith"}),
    ("Could you please cancel order A1234?", "cancel_order", {"order_id": "A1234"}),
    ("Cancel order B-77, please.", "cancel_order", {"order_id": "B-77"}),
    ("Turn off the lights in the Kitchen", "turn_off_lights", {"room": "Kitchen"}),
    ("Please switch off the lights in the Garage!", "turn_off_lights", {"room": "Garage"}),
    ("Hi, please reset my password. Thanks!", "reset_password", {}),
    ("Reset my password", "reset_password", {}),
    ("Send an email to Carol saying the meeting is at noon", "send_email",
     {"to": "Carol", "text": "the meeting is at noon"}),
    ("Please email Dave: lunch is ready", "send_email", {"to": "Dave", "text": "lunch is ready"}),
    ("Book a flight from London to Paris", "book_flight",
     {"origin": "London", "destination": "Paris"}),
    ("I'd like you to book a flight from New York to Tokyo.", "book_flight",
     {"origin": "New York", "destination": "Tokyo"}),
    ("Set the volume to 30", "set_volume", {"level": 30}),
    ("Please set the speaker volume to 55.", "set_volume", {"level": 55}),
    ("Please tell me the weather in Berlin.", "get_weather", {"city": "Berlin"}),
    ("Show me the weather for Lisbon", "get_weather", {"city": "Lisbon"}),
    ("Check the stock price of AAPL", "get_stock_price", {"symbol": "AAPL"}),
    ("Can you look up the stock price of MSFT?", "get_stock_price", {"symbol": "MSFT"}),
    ("删除用户 5", "delete_user", {"user_id": 5}),
    ("请删除用户 12 的账号。", "delete_user", {"user_id": 12}),
    ("把用户 7 删除。", "delete_user", {"user_id": 7}),
    ("帮我给小王转账 250 元", "transfer_money", {"amount": 250, "recipient": "小王"}),
    ("请转账 99.5 元给张三。", "transfer_money", {"amount": 99.5, "recipient": "张三"}),
    ("取消订单 A1234", "cancel_order", {"order_id": "A1234"}),
    ("麻烦帮我取消订单 B-77，谢谢！", "cancel_order", {"order_id": "B-77"}),
    ("请关闭窗户。", "close_windows", {}),
    ("把窗户都关上", "close_windows", {}),
    ("你好，请重置我的密码。", "reset_password", {}),
    ("能帮我重置密码吗？", "reset_password", {}),
    ("请发邮件给李四：会议改到三点", "send_email", {"to": "李四", "text": "会议改到三点"}),
    ("帮我预订从北京到上海的机票", "book_flight", {"origin": "北京", "destination": "上海"}),
    ("请把音量调到 30", "set_volume", {"level": 30}),
    ("设置音量为 55", "set_volume", {"level": 55}),
    ("请查一下北京的天气", "get_weather", {"city": "北京"}),
    ("告诉我上海今天的天气", "get_weather", {"city": "上海"}),
    ("帮我查一下快递 SF123456", "track_parcel", {"parcel_number": "SF123456"}),
    ("请查询 AAPL 的股价", "get_stock_price", {"symbol": "AAPL"}),
)  # fmt: skip
