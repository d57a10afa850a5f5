import { api, csrfToken } from "./client";
import { ApiError, fromProblem } from "./errors";
import type { components } from "./schema";

export type UploadedFile = components["schemas"]["FileOut"];
/** How a table is to be read; empty: found out. */
export interface ReadAs {
  encoding: string;
  delimiter: string;
}

export const files = {
  get: (id: string, as: ReadAs, signal?: AbortSignal) =>
    api<UploadedFile>(`files/${id}`, { query: { ...as }, signal }),
  remove: (id: string) => api(`files/${id}`, { method: "DELETE" }),
};

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Sends a file; `onProgress` gets the part that is sent, 0 to 1. */
export function upload(
  file: File,
  { onProgress, signal }: { onProgress: (part: number) => void; signal: AbortSignal },
): Promise<UploadedFile> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/api/v1/files?name=${encodeURIComponent(file.name)}`);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("X-CSRFToken", csrfToken() ?? "");
    request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
    request.onload = () => {
      const body = parsed(request.responseText);
      if (request.status === 201) resolve(body as UploadedFile);
      else reject(fromProblem(request.status, body));
    };
    request.onerror = () => reject(new ApiError("offline", "", { temporary: true }));
    request.onabort = () => reject(new DOMException("", "AbortError"));
    signal.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}
