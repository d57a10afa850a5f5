import { csrfToken } from "./client";
import { ApiError } from "./errors";

interface Chunk {
  choices?: { delta?: { content?: string | null } }[];
  error?: { message?: string; code?: string };
}

/** Asks a model without keeping anything; tells each piece of the answer as it comes. Ends early by `signal`. */
export async function complete(
  body: Record<string, unknown>,
  { onText, signal }: { onText: (piece: string) => void; signal: AbortSignal },
): Promise<void> {
  let response: Response;
  try {
    response = await fetch("/v1/chat/completions", {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() ?? "" },
      body: JSON.stringify({ ...body, stream: true, store: false }),
      signal,
    });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new ApiError("offline", "", { temporary: true });
  }
  if (!response.ok || !response.body) {
    const known = (await response.json().catch(() => ({}))) as Chunk;
    throw new ApiError(known.error?.code ?? "internal", known.error?.message ?? "", {
      status: response.status,
    });
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (!line.startsWith("data: ") || line === "data: [DONE]") continue;
      const chunk = JSON.parse(line.slice(6)) as Chunk;
      if (chunk.error) throw new ApiError(chunk.error.code ?? "provider_error", chunk.error.message ?? "");
      const piece = chunk.choices?.[0]?.delta?.content;
      if (piece) onText(piece);
    }
  }
}
