// What the page asks of its server: JSON, streams of events, uploads.

const KEY = "groundglm-key";

export const key = {
  get: () => sessionStorage.getItem(KEY) || "",
  set: (value) => value ? sessionStorage.setItem(KEY, value) : sessionStorage.removeItem(KEY),
};

/** What the server refused, with its status and code. */
export class Refused extends Error {
  constructor(status, error) {
    super(error?.message || `HTTP ${status}`);
    this.status = status;
    this.code = error?.code || "";
  }
}

function headers(more = {}) {
  return key.get() ? { ...more, Authorization: `Bearer ${key.get()}` } : more;
}

async function checked(response) {
  if (response.ok) return response;
  let told = null;
  try { told = (await response.json()).error; } catch { told = null; }
  throw new Refused(response.status, told);
}

/** `/api/bases/NAME/...` with parameters. */
export function path(base, rest, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== null && value !== "") query.set(name, value);
  }
  const tail = query.size ? `?${query}` : "";
  return `/api/bases/${encodeURIComponent(base)}/${rest}${tail}`;
}

export async function get(address) {
  return (await checked(await fetch(address, { headers: headers() }))).json();
}

export async function remove(address) {
  return (await checked(await fetch(address, { method: "DELETE", headers: headers() }))).json();
}

export async function post(address, body) {
  const options = {
    method: "POST",
    headers: headers({ "Content-Type": "application/json" }),
    body: JSON.stringify(body),
  };
  return (await checked(await fetch(address, options))).json();
}

/** The events of a stream, as [name, data]; aborting the signal ends it on the server too. */
export async function* events(address, body, signal) {
  const response = await checked(await fetch(address, {
    method: "POST",
    headers: headers({ "Content-Type": "application/json" }),
    body: JSON.stringify(body),
    signal,
  }));
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    rest += value || "";
    let end;
    while ((end = rest.indexOf("\n\n")) >= 0) {
      const event = read(rest.slice(0, end));
      rest = rest.slice(end + 2);
      if (event) {
        if (event[0] === "error") throw new Refused(500, event[1].error);
        yield event;
      }
    }
    if (done) return;
  }
}

function read(block) {
  let name = "message";
  let data = "";
  for (const line of block.split("\n")) {
    if (line.startsWith("event: ")) name = line.slice(7);
    else if (line.startsWith("data: ")) data += line.slice(6);
  }
  return data ? [name, JSON.parse(data)] : null;
}

/** Send a file; `progress` is called with the share that is sent. */
export function upload(address, file, fields, progress) {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    form.append("files", file, file.name);
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    const request = new XMLHttpRequest();
    request.open("POST", address);
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) progress(event.loaded / event.total);
    });
    request.addEventListener("load", () => {
      let told = null;
      try { told = JSON.parse(request.responseText); } catch { told = null; }
      if (request.status === 200 && told) resolve(told);
      else reject(new Refused(request.status, told?.error));
    });
    request.addEventListener("error", () => reject(new Refused(0, { message: "network" })));
    request.send(form);
  });
}
