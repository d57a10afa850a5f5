/**
 * The official npm package against the running product. Run by test_node_client.py from frontend/, whose packages it
 * takes: `node client.mjs BASE_URL KEY CASE`. Prints one line of JSON; what it should be is asserted there.
 */
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(path.join(process.cwd(), "package.json"));
const { default: OpenAI } = await import(pathToFileURL(require.resolve("openai")).href).then((found) =>
  found.default?.default ? found.default : found,
);

const [baseURL, apiKey, name] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const messages = (content) => [{ role: "user", content }];
const tools = [{ type: "function", function: { name: "weather", parameters: { type: "object", properties: {} } } }];

async function failure(work) {
  try {
    await work;
  } catch (error) {
    const { status, code, param, type } = error;
    return { kind: error.constructor.name, status, code, param, type };
  }
  return null;
}

const cases = {
  async models() {
    const names = [];
    for await (const { id } of client.models.list()) names.push(id);
    return names;
  },
  async whole() {
    const reply = await client.chat.completions.create({ model: "mock", messages: messages("n=20 rate=0") });
    return { text: reply.choices[0].message.content, usage: reply.usage, finish: reply.choices[0].finish_reason };
  },
  async stream() {
    const stream = await client.chat.completions.create({
      model: "mock",
      messages: messages("n=20 rate=200"),
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = "";
    let pieces = 0;
    let usage = null;
    for await (const chunk of stream) {
      const piece = chunk.choices[0]?.delta?.content ?? "";
      text += piece;
      pieces += piece ? 1 : 0;
      usage = chunk.usage ?? usage;
    }
    return { text, pieces, usage };
  },
  async tools() {
    const stream = client.chat.completions.stream({ model: "mock", messages: messages("text=tool rate=100"), tools });
    const { message, finish_reason: finish } = (await stream.finalChatCompletion()).choices[0];
    return { finish, calls: message.tool_calls.map(({ id, function: { name, arguments: given } }) => ({ id, name, given })) };
  },
  async params() {
    const reply = await client.chat.completions.create({
      model: "mock",
      messages: messages("text=echo"),
      temperature: 0.3,
      stop: ["END"],
      tools,
    });
    return JSON.parse(reply.choices[0].message.content);
  },
  async stored() {
    const stream = await client.chat.completions.create({
      model: "mock",
      messages: messages("n=60 rate=60"),
      stream: true,
      store: true,
    });
    for await (const { id } of stream) {
      stream.controller.abort();
      return id;
    }
  },
  async leaves() {
    const stream = await client.chat.completions.create({
      model: "mock",
      messages: messages("n=9000 rate=50"),
      stream: true,
    });
    for await (const { id } of stream) {
      stream.controller.abort();
      return id;
    }
  },
  async errors() {
    const ask = (fields, from = client) =>
      failure(from.chat.completions.create({ model: "mock", messages: messages("x"), ...fields }));
    return {
      key: await ask({}, new OpenAI({ baseURL, apiKey: "rvk_nobody", maxRetries: 0 })),
      model: await ask({ model: "nobody" }),
      body: await ask({ temperature: 9 }),
      limit: await ask({ messages: messages("id=node429 status=429 times=99") }),
      server: await ask({ messages: messages("id=node503 status=503 times=99") }),
    };
  },
  async midway() {
    let text = "";
    const stream = await client.chat.completions.create({
      model: "mock",
      messages: messages("n=40 rate=200 id=nodemid errorat=10 times=9"),
      stream: true,
    });
    const read = async () => {
      for await (const chunk of stream) text += chunk.choices[0]?.delta?.content ?? "";
    };
    return { error: await failure(read()), text };
  },
};

console.log(JSON.stringify(await cases[name]()));
