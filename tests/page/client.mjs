// OpenAI's JavaScript client against a server: what came of it, as one line of JSON.
import OpenAI from "openai";
const client = new OpenAI({ baseURL: process.argv[2], apiKey: "none", maxRetries: 0 });
const model = process.argv[3];
const ask = (content) => [{ role: "user", content }];
const told = {};

told.models = (await client.models.list()).data.map((one) => one.id);
const whole = await client.chat.completions.create({ model, messages: ask("When does the Alder library open?") });
told.text = whole.choices[0].message.content;
told.citations = whole.groundglm ? whole.groundglm.citations.length : null;

let streamed = "", usage = null;
const stream = await client.chat.completions.create({
  model, stream: true, stream_options: { include_usage: true },
  messages: ask("When does the Alder library open?"),
});
for await (const chunk of stream) {
  streamed += chunk.choices[0]?.delta?.content ?? "";
  usage = chunk.usage ?? usage;
}
told.streamed = streamed;
told.usage = usage;

const parameters = {
  type: "object", properties: { city: { type: "string", maxLength: 20 } },
  required: ["city"], additionalProperties: false,
};
const tools = [{ type: "function", function: { name: "get_weather", description: "Get the weather of a city", parameters } }];
const messages = ask("Get the weather of Paris");
const first = await client.chat.completions.create({ model, messages, tools, tool_choice: "required" });
const call = first.choices[0].message.tool_calls[0];
told.call = [first.choices[0].finish_reason, call.function.name, JSON.parse(call.function.arguments)];

const runner = client.chat.completions.stream({ model, messages, tools, tool_choice: "required" });
const final = await runner.finalChatCompletion();
told.streamedCall = JSON.parse(final.choices[0].message.tool_calls[0].function.arguments);

messages.push(first.choices[0].message, { role: "tool", tool_call_id: call.id, content: "sunny" });
told.result = (await client.chat.completions.create({ model, messages, tools })).choices[0].message.content;

const shaped = await client.chat.completions.create({
  model, messages: ask("Get the weather of Paris"),
  response_format: { type: "json_schema", json_schema: { name: "get_weather", schema: { ...parameters, description: "Get the weather of a city" } } },
});
told.shaped = JSON.parse(shaped.choices[0].message.content);

told.embedding = (await client.embeddings.create({ model: "hash", input: ["a", "b"] })).data.map((one) => one.embedding.length);
try {
  await client.chat.completions.create({ model: "none", messages: ask("x") });
} catch (error) {
  told.error = [error.status, error.code];
}
console.log(JSON.stringify(told));
