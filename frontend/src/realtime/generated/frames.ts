/** The realtime protocol's frames. Written by `make schemas`; do not edit. */

/** All of this topic up to this offset (and snapshot page) has been applied. Has no id and no reply. */
export interface AckFrame {
  cmd: "ack";
  topic: string;
  epoch: string;
  offset: number;
  page?: number;
}

/** A place in a topic. */
export interface AppPosition {
  epoch: string;
  offset: number;
}

/** `usage`: 80 or 100 percent of a budget are used, said once each for a period. It goes to the person, the key's owner, all of the team, or the administrators where the budget is everybody's. */
export interface BudgetWarned {
  budget: string;
  name: string;
  scope: "user" | "team" | "key" | "everybody";
  subject: string | null;
  period: "day" | "month";
  measure: "cost" | "tokens" | "requests";
  used: number;
  limit: number;
  percent: 80 | 100;
  resets: string;
}

/** `cancelling`, or how the generation had ended already. */
export interface CancelResult {
  status: "cancelling" | "done" | "incomplete" | "error" | "cancelled";
}

/** `cancelled`: by a person. */
export type Cancelled = Record<string, unknown>;

export type ClientFrame = ConnectCommand | SubscribeCommand | UnsubscribeCommand | RefreshCommand | AckFrame | PongFrame | GenerationCancelCommand | GenerationRetryCommand | MessageSendCommand | TypingCommand;

/** Opens the session; the first command. `token` where neither cookie, header nor ticket says who this is. */
export interface ConnectCommand {
  id: number;
  cmd: "connect";
  v: number;
  token?: string;
}

export interface ConnectReply {
  id: number;
  result: Connected;
}

/** Result of `connect`: times in seconds, sizes in bytes. */
export interface Connected {
  client: string;
  user: string;
  ping: number;
  pong_timeout: number;
  max_frame: number;
  expires_in?: number;
}

/** `conversation.changed`, in a person's topic: what a list of conversations needs to follow. `conversation` is there for one that is new, changed or restored; where an answer started or ended, `generation`, `updated` and, at the end, `status` are. */
export interface ConversationChanged {
  id: string;
  change: "created" | "updated" | "deleted" | "restored" | "started" | "ended";
  conversation?: ConversationOut | null;
  generation?: string | null;
  status?: ("done" | "incomplete" | "error" | "cancelled") | null;
  updated?: string | null;
}

export interface ConversationConversationUpdatedFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "conversation.updated";
  data: ConversationUpdated;
}

export interface ConversationGenerationEndedFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "generation.ended";
  data: GenerationEnded;
}

export interface ConversationGenerationStartedFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "generation.started";
  data: GenerationStarted;
}

export interface ConversationMessageCreatedFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "message.created";
  data: MessageCreated;
}

export interface ConversationMessageUpdatedFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "message.updated";
  data: MessageUpdated;
}

/** A conversation as clients see it. */
export interface ConversationOut {
  id: string;
  title: string;
  model: string;
  folder: string;
  system: string;
  pinned: boolean;
  archived: boolean;
  created: string;
  updated: string;
  position: AppPosition;
}

export interface ConversationPresenceFrame {
  topic: string;
  type: "presence";
  data: Presence;
}

/** The snapshot of `conversation.<id>`: the last 50 messages; `next` leads to older ones by REST. */
export interface ConversationSnapshot {
  conversation: ConversationOut;
  messages: MessageOut[];
  running: RunningGeneration[];
  next: string | null;
}

export interface ConversationSnapshotFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "snapshot";
  data: ConversationSnapshot | Record<string, unknown>;
  page?: number;
  more?: boolean;
}

export interface ConversationTypingFrame {
  topic: string;
  type: "typing";
  data: TypingSeen;
}

/** `conversation.updated`: what changed of the conversation; `deleted` when it went away or came back. */
export interface ConversationUpdated {
  title?: string | null;
  model?: string | null;
  folder?: string | null;
  system?: string | null;
  pinned?: boolean | null;
  archived?: boolean | null;
  deleted?: boolean | null;
}

/** `created`: the first event of a generation. */
export interface Created {
  generation: string;
  message: string;
  conversation: string;
  model: string;
}

/** What is being written waits until its log can be reached again (true), or waits no more (false). */
export interface Delayed {
  delayed: boolean;
  type?: "delayed";
}

/** `done`: the answer is whole. */
export interface Done {
  finish_reason: string;
}

/** What went wrong, and whether the same again can succeed. `sentence` names the message and `params` are what stands in it, for clients that say it in another language. */
export interface ErrorBody {
  code: "bad_request" | "conflict" | "forbidden" | "internal" | "key_reused" | "model_unavailable" | "not_found" | "provider_error" | "quota_exceeded" | "rate_limited" | "too_large" | "unauthenticated" | "unavailable";
  message: string;
  temporary: boolean;
  retry_after_ms?: number;
  sentence?: string;
  params?: Record<string, unknown>;
}

/** `error`: the text so far stands. `sentence` names the message and `params` are what stands in it, for clients that say it in another language. */
export interface Failed {
  code: string;
  message: string;
  sentence?: string | null;
  params?: Record<string, unknown> | null;
}

/** A command's failure. */
export interface Failure {
  id: number;
  error: ErrorBody;
}

/** `generation.cancel`. */
export interface GenerationCancelCommand {
  id: number;
  cmd: "generation.cancel";
  generation: string;
}

export interface GenerationCancelReply {
  id: number;
  result: CancelResult;
}

export interface GenerationCancelledFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "cancelled";
  data: Cancelled;
}

export interface GenerationCreatedFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "created";
  data: Created;
}

export interface GenerationDoneFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "done";
  data: Done;
}

/** `generation.ended`. */
export interface GenerationEnded {
  generation: string;
  message: string;
  status: "done" | "incomplete" | "error" | "cancelled";
}

export interface GenerationErrorFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "error";
  data: Failed;
}

export interface GenerationIncompleteFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "incomplete";
  data: Incomplete;
}

export interface GenerationPartAddedFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "part.added";
  data: PartAdded;
}

export interface GenerationPartDeltaFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "part.delta";
  data: PartDelta;
}

export interface GenerationPartDoneFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "part.done";
  data: PartDone;
}

export interface GenerationQueuedFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "queued";
  data: Queued;
}

export interface GenerationResetFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "reset";
  data: Reset;
}

export interface GenerationResumedFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "resumed";
  data: Resumed;
}

/** `generation.retry`, without its key. */
export interface GenerationRetryCommand {
  id: number;
  cmd: "generation.retry";
  client_msg_id: string;
  message: string;
  mode: "again" | "continue";
  model?: string | null;
}

export interface GenerationRetryReply {
  id: number;
  result: Started;
}

export interface GenerationSearchResultsFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "search.results";
  data: SearchResults;
}

export interface GenerationSearchStartedFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "search.started";
  data: SearchStarted;
}

/** The snapshot of `generation.<id>`. */
export interface GenerationSnapshot {
  status: "queued" | "running" | "done" | "incomplete" | "error" | "cancelled";
  parts: Record<string, unknown>[];
  usage: Record<string, unknown> | null;
  model: string;
  attempt: number;
  instead_of?: Record<string, unknown>[] | null;
  place?: number | null;
}

export interface GenerationSnapshotFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "snapshot";
  data: GenerationSnapshot | Record<string, unknown>;
  page?: number;
  more?: boolean;
}

/** `generation.started`: an answer is being written; `topic` has it from `epoch`, offset 0. */
export interface GenerationStarted {
  generation: string;
  message: string;
  topic: string;
  epoch: string;
}

export interface GenerationStartedFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "started";
  data: StartedBy;
}

export interface GenerationToolLimitFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "tool.limit";
  data: ToolLimit;
}

export interface GenerationUsageFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "usage";
  data: UsageReported;
}

/** A model that was given up, with the code of its error. */
export interface GivenUp {
  model: string;
  provider: string;
  code: string;
}

/** The node will stop: open a second socket at a random moment within `drain_ms`, then close this one. */
export interface Goaway {
  drain_ms: number;
  type?: "goaway";
}

/** An image for a model that sees, as in OpenAI's content parts. */
export interface ImagePart {
  type: "image_url";
  image_url: ImageUrl;
}

/** Where an image is: an https or data address. */
export interface ImageUrl {
  url: string;
  detail?: "auto" | "low" | "high";
}

/** `incomplete`: the text stands, but more was to come. */
export interface Incomplete {
  reason: string;
}

/** `job.changed`, in a person's topic: a job is new, or its status is another. */
export interface JobChanged {
  id: string;
  change: "created" | "updated";
  job: JobOut;
}

export interface JobLogFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "log";
  data: Log;
}

export interface JobNoteFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "note";
  data: ResearchNote;
}

/** A job as clients see it. Follow `topic` from `position`. `wanted`: `pause` or `cancel`, while that is under way. In lists and events `spec` has only what is short; `GET jobs/{id}` has it whole. `step_said` and `error` have the stable name of their `sentence` and its `params` where there is one, to be said in another language. `rate` in rows a second, `eta_s` in seconds, costs in the currency of the price list. Of `cost`, `lost_cost` is an estimate for the `lost_calls` that were cut off and made again: the rest is what the rows cost. */
export interface JobOut {
  id: string;
  kind: string;
  name: string;
  spec: Record<string, unknown>;
  status: "queued" | "running" | "paused" | "done" | "failed" | "cancelled";
  reason: string;
  error: Record<string, unknown> | null;
  wanted: string;
  step: string;
  step_said: Record<string, unknown> | null;
  total: number;
  done: number;
  failed: number;
  rate: number;
  eta_s: number | null;
  input_tokens: number;
  output_tokens: number;
  cost: number;
  lost_calls: number;
  lost_cost: number;
  cost_cap: number | null;
  file: string | null;
  cloned_from: string | null;
  topic: string;
  position: AppPosition;
  created: string;
  started: string | null;
  finished: string | null;
}

export interface JobPlanFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "plan";
  data: ResearchPlan;
}

export interface JobProgressFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "progress";
  data: Progress;
}

export interface JobReadFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "read";
  data: ResearchRead;
}

export interface JobRowFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "row";
  data: RowEnded;
}

export interface JobSearchFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "search";
  data: ResearchSearch;
}

/** The snapshot of `job.<id>`; `log` has the last lines, `wanted` is `pause` or `cancel` while that is under way. `lost_cost`, a part of `cost`, is an estimate for the `lost_calls` that were cut off and made again. */
export interface JobSnapshot {
  status: "queued" | "running" | "paused" | "done" | "failed" | "cancelled";
  reason: string;
  error: Record<string, unknown> | null;
  wanted: string;
  done: number;
  failed: number;
  total: number;
  rate: number;
  eta_s: number | null;
  cost: number;
  input_tokens: number;
  output_tokens: number;
  lost_calls: number;
  lost_cost: number;
  step: string;
  step_said: Record<string, unknown> | null;
  log: Log[];
}

export interface JobSnapshotFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "snapshot";
  data: JobSnapshot | Record<string, unknown>;
  page?: number;
  more?: boolean;
}

export interface JobStatusFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "status";
  data: StatusChanged;
}

export interface JobVerifyFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "verify";
  data: ResearchVerify;
}

export interface JobWriteFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "write";
  data: ResearchWrite;
}

export type JsonValue = unknown;

/** `log`: a sentence for people. `sentence` is its stable name, `params` what stands in it; an empty name: there is only the text. */
export interface Log {
  level: "info" | "warning" | "error";
  text: string;
  sentence?: string;
  params?: Record<string, unknown>;
}

/** `message.created`. */
export interface MessageCreated {
  message: MessageOut;
}

/** A message as clients see it. `model` is the one that answered; `instead_of` names those that were asked before it and given up: `model`, `provider`, `code`, and `at`, how many code points of text were there by then. `sources` are what its tools found, each with the `number` by which its text cites it: `number`, `url`, `title`, `snippet`. `generation` is the id of the generation that wrote it. `prompt` names the template version that the message was made with: `{template, version, slug, name, number, label?, variables}`. `truncated` says that parts, text, sources and variables were left out of an event or a snapshot because of their size: `GET messages/{id}` has them. */
export interface MessageOut {
  id: string;
  conversation: string;
  parent: string | null;
  seq: number;
  role: "system" | "user" | "assistant";
  status: "queued" | "running" | "done" | "incomplete" | "error" | "cancelled";
  parts: Record<string, unknown>[];
  text: string;
  model: string;
  params: Record<string, unknown>;
  usage?: Record<string, unknown> | null;
  cost?: number | null;
  timings?: Record<string, unknown> | null;
  reason?: string;
  error?: Record<string, unknown> | null;
  instead_of?: Record<string, unknown>[] | null;
  sources?: Record<string, unknown>[] | null;
  generation?: string | null;
  prompt?: Record<string, unknown> | null;
  created: string;
  truncated?: boolean;
}

/** `message.send`, without its key. An absent `parent` is the newest answer; `null` is the root of the tree. With a `prompt`, the template's system part comes before the message, its user part is the message, and `content`, which may be absent then, follows it. */
export interface MessageSendCommand {
  id: number;
  cmd: "message.send";
  client_msg_id: string;
  content?: string | ((TextPart | ImagePart)[]) | null;
  conversation?: string | null;
  parent?: string | null;
  model?: string | null;
  params?: Params | null;
  tools?: Record<string, unknown>[] | null;
  prompt?: PromptUse | null;
}

export interface MessageSendReply {
  id: number;
  result: Started;
}

/** `message.updated`. */
export interface MessageUpdated {
  message: MessageOut;
}

/** What is passed on to the model, by OpenAI's names. */
export interface Params {
  temperature?: number | null;
  top_p?: number | null;
  max_tokens?: number | null;
  max_completion_tokens?: number | null;
  stop?: (string | string[]) | null;
  seed?: number | null;
  presence_penalty?: number | null;
  frequency_penalty?: number | null;
  reasoning_effort?: string | null;
  tool_choice?: string | Record<string, unknown> | null;
  response_format?: Record<string, unknown> | null;
  parallel_tool_calls?: boolean | null;
}

/** `part.added`: parts count from 0. */
export interface PartAdded {
  part: number;
  kind: "text" | "reasoning" | "tool" | "search";
}

/** `part.delta`: appends to its part; at most 16 KiB of UTF-8, whole code points. */
export interface PartDelta {
  part: number;
  text: string;
}

/** `part.done`: nothing more comes to this part. */
export interface PartDone {
  part: number;
}

/** Answer with `pong`, or with anything else. */
export interface Ping {
  type?: "ping";
}

/** Answers a ping. Has no id and no reply. */
export interface PongFrame {
  cmd: "pong";
}

/** A place in a topic's log: after the event with this `offset`, in this `epoch`. Offset 0 is before the first. */
export interface Position {
  epoch: string;
  offset: number;
}

/** Who follows the topic now. */
export interface Presence {
  users: string[];
}

/** `progress`, at most about ten a second: totals, never less than before but by a retry. `rate` in rows a second, `eta_s` in seconds (null: not known), `cost` in the currency of the price list, tokens of the calls that it pays for. `step_said` names the sentence in `step`, and has its parameters. */
export interface Progress {
  done: number;
  failed: number;
  total: number;
  rate: number;
  eta_s: number | null;
  cost: number;
  input_tokens: number;
  output_tokens: number;
  step: string;
  step_said?: Record<string, unknown> | null;
}

/** The `prompt` field of a message or a completion: a template by id or slug, a version of it, and its values. */
export interface PromptUse {
  label?: string | null;
  version?: number | null;
  variables?: Record<string, JsonValue>;
  id?: string | null;
  slug?: string | null;
}

/** `queued`: the answer waits in line for its provider; `place` counts from 1. */
export interface Queued {
  place: number;
}

/** A newer token of the same user. */
export interface RefreshCommand {
  id: number;
  cmd: "refresh";
  token: string;
}

export interface RefreshReply {
  id: number;
  result: Refreshed;
}

/** Result of `refresh`: seconds until the token ends; absent when it does not. */
export interface Refreshed {
  expires_in?: number;
}

/** What a search found. */
export interface ResearchHit {
  url: string;
  title: string;
}

/** `note`: what the page `number` has for the question. */
export interface ResearchNote {
  row: number;
  state: "begun" | "writing" | "done" | "failed";
  error?: Record<string, unknown> | null;
  number: number;
  notes?: ResearchNoted[];
}

/** What a page says, and the passage that the model says it stands in; it is verified with the report. */
export interface ResearchNoted {
  claim: string;
  quote: string;
}

/** `plan`: what a round wants to find out, what it searches for, and why. */
export interface ResearchPlan {
  row: number;
  state: "begun" | "writing" | "done" | "failed";
  error?: Record<string, unknown> | null;
  round: number;
  questions?: string[];
  searches?: string[];
  reason?: string;
}

/** `read`: `number` is how the report calls the page, `chars` the length of its text. */
export interface ResearchRead {
  row: number;
  state: "begun" | "writing" | "done" | "failed";
  error?: Record<string, unknown> | null;
  number: number;
  url: string;
  title: string;
  chars?: number;
}

/** `search`: `found` is how many results there were. */
export interface ResearchSearch {
  row: number;
  state: "begun" | "writing" | "done" | "failed";
  error?: Record<string, unknown> | null;
  query: string;
  provider?: string;
  found?: number;
  hits?: ResearchHit[];
}

/** `verify`: how many citations were checked, and how many passages found, found in another place, or given up. */
export interface ResearchVerify {
  row: number;
  state: "begun" | "writing" | "done" | "failed";
  error?: Record<string, unknown> | null;
  checked?: number;
  found?: number;
  mended?: number;
  dropped?: number;
}

/** `write`: in the state `writing`, the report's next piece, which begins at the character `offset`. */
export interface ResearchWrite {
  row: number;
  state: "begun" | "writing" | "done" | "failed";
  error?: Record<string, unknown> | null;
  offset?: number;
  text?: string;
}

/** `reset`: replaces all that was shown. */
export interface Reset {
  status: "queued" | "running" | "done" | "incomplete" | "error" | "cancelled";
  parts: Record<string, unknown>[];
  usage: Record<string, unknown> | null;
}

/** `resumed`: another node, or another model, carries on; `exact` says whether it goes on from the very text. */
export interface Resumed {
  attempt: number;
  exact: boolean;
}

/** `row`: how a row ended. `output` is its beginning, at most 200 characters; `GET jobs/{id}/rows` has it whole. */
export interface RowEnded {
  index: number;
  status: "pending" | "running" | "done" | "failed" | "cancelled";
  model?: string;
  output?: string;
  error?: Record<string, unknown> | null;
  cost?: number | null;
}

/** One entry of `running`. */
export interface RunningGeneration {
  generation: string;
  message: string;
  conversation: string;
  topic: string;
}

/** `search.results`: each with `url`, `title` and `snippet`, and its `number` where the answer can cite it. */
export interface SearchResults {
  part: number;
  items: Record<string, unknown>[];
}

/** `search.started`: what is searched for. */
export interface SearchStarted {
  part: number;
  query: string;
}

export type ServerFrame = ConnectReply | SubscribeReply | RefreshReply | UnsubscribeReply | GenerationCancelReply | GenerationRetryReply | MessageSendReply | TypingReply | Failure | ConversationMessageCreatedFrame | ConversationMessageUpdatedFrame | ConversationGenerationStartedFrame | ConversationGenerationEndedFrame | ConversationConversationUpdatedFrame | ConversationTypingFrame | ConversationSnapshotFrame | ConversationPresenceFrame | GenerationCreatedFrame | GenerationQueuedFrame | GenerationStartedFrame | GenerationPartAddedFrame | GenerationPartDeltaFrame | GenerationPartDoneFrame | GenerationSearchStartedFrame | GenerationSearchResultsFrame | GenerationToolLimitFrame | GenerationUsageFrame | GenerationResumedFrame | GenerationResetFrame | GenerationDoneFrame | GenerationIncompleteFrame | GenerationErrorFrame | GenerationCancelledFrame | GenerationSnapshotFrame | JobProgressFrame | JobRowFrame | JobLogFrame | JobStatusFrame | JobSnapshotFrame | JobPlanFrame | JobSearchFrame | JobReadFrame | JobNoteFrame | JobWriteFrame | JobVerifyFrame | UserConversationChangedFrame | UserUsageFrame | UserSnapshotFrame | UserJobChangedFrame | Unsubscribed | Ping | Goaway | Delayed;

/** The result of a send or a retry: ids, the topic of the answer, and the position to follow it from. */
export interface Started {
  conversation: string;
  user_message: string | null;
  message: string;
  generation: string;
  topic: string;
  position: AppPosition;
}

/** `started`: a provider was asked. `instead_of`: those that were given up since the last `started`. */
export interface StartedBy {
  model: string;
  provider: string;
  instead_of?: GivenUp[] | null;
}

/** `status`: `reason` says why where there is something to say. */
export interface StatusChanged {
  status: "queued" | "running" | "paused" | "done" | "failed" | "cancelled";
  reason?: string;
  error?: Record<string, unknown> | null;
}

/** Follow a topic from `since`; without it, from a snapshot. */
export interface SubscribeCommand {
  id: number;
  cmd: "subscribe";
  topic: string;
  since?: Position;
}

export interface SubscribeReply {
  id: number;
  result: Subscribed;
}

/** Result of `subscribe`. Events follow from `position`: `since` when recovered, else the snapshot's. A snapshot that does not fit this frame follows in pages. */
export interface Subscribed {
  topic: string;
  recovered: boolean;
  position: Position;
  snapshot?: Record<string, unknown>;
}

/** Text, as in OpenAI's content parts. */
export interface TextPart {
  type: "text";
  text: string;
}

/** `tool.limit`: after the call of `part` a limit is reached: the model answers without further calls. */
export interface ToolLimit {
  part: number;
  limit: "steps" | "time" | "cost" | "size";
}

/** `typing`. */
export interface TypingCommand {
  id: number;
  cmd: "typing";
  conversation: string;
}

export interface TypingReply {
  id: number;
  result: TypingResult;
}

export type TypingResult = Record<string, unknown>;

/** `typing`: without an offset, may be lost. */
export interface TypingSeen {
  user: string;
}

/** Leave a topic; its unacknowledged events count no more. */
export interface UnsubscribeCommand {
  id: number;
  cmd: "unsubscribe";
  topic: string;
}

export interface UnsubscribeReply {
  id: number;
  result: Record<string, unknown>;
}

/** Access to a topic has ended; nothing of it follows. */
export interface Unsubscribed {
  topic: string;
  code: string;
  message: string;
  type?: "unsubscribed";
}

/** `usage`: cumulative; `cost` in the currency of the price list. */
export interface UsageReported {
  input_tokens: number;
  output_tokens: number;
  cost: number;
}

export interface UserConversationChangedFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "conversation.changed";
  data: ConversationChanged;
}

export interface UserJobChangedFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "job.changed";
  data: JobChanged;
}

/** The snapshot of `user.<id>`. */
export interface UserSnapshot {
  unread: number;
  running: RunningGeneration[];
}

export interface UserSnapshotFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "snapshot";
  data: UserSnapshot | Record<string, unknown>;
  page?: number;
  more?: boolean;
}

export interface UserUsageFrame {
  topic: string;
  epoch: string;
  offset: number;
  type: "usage";
  data: BudgetWarned;
}

/** The data of each event, by topic kind and type. */
export interface TopicEvents {
  conversation: {
    "message.created": MessageCreated;
    "message.updated": MessageUpdated;
    "generation.started": GenerationStarted;
    "generation.ended": GenerationEnded;
    "conversation.updated": ConversationUpdated;
    "typing": TypingSeen;
    "snapshot": ConversationSnapshot;
    "presence": Presence;
  };
  generation: {
    "created": Created;
    "queued": Queued;
    "started": StartedBy;
    "part.added": PartAdded;
    "part.delta": PartDelta;
    "part.done": PartDone;
    "search.started": SearchStarted;
    "search.results": SearchResults;
    "tool.limit": ToolLimit;
    "usage": UsageReported;
    "resumed": Resumed;
    "reset": Reset;
    "done": Done;
    "incomplete": Incomplete;
    "error": Failed;
    "cancelled": Cancelled;
    "snapshot": GenerationSnapshot;
  };
  job: {
    "progress": Progress;
    "row": RowEnded;
    "log": Log;
    "status": StatusChanged;
    "snapshot": JobSnapshot;
    "plan": ResearchPlan;
    "search": ResearchSearch;
    "read": ResearchRead;
    "note": ResearchNote;
    "write": ResearchWrite;
    "verify": ResearchVerify;
  };
  user: {
    "conversation.changed": ConversationChanged;
    "usage": BudgetWarned;
    "snapshot": UserSnapshot;
    "job.changed": JobChanged;
  };
}
