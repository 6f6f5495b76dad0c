// The shapes the server speaks. Names on the wire are snake_case; this is the only file that lists them.

export interface User {
  id: string;
  name: string;
  email?: string | null;
  picture?: string | null;
}

export interface Participant {
  user_id: string;
  user_name: string;
  user_picture?: string | null;
  role: 'owner' | 'moderator' | 'participant';
  is_active: boolean;
}

export interface Room {
  id: string;
  name: string;
  description: string | null;
  is_private: boolean;
  max_participants: number;
  current_participants: number;
  language: string;
  is_active: boolean;
  created_by: string;
  created_at: string;
  last_activity: string | null;
  owner_name?: string | null;
  user_role?: string | null;
  is_participant?: boolean;
  participants?: Participant[];
}

export interface Message {
  id: string;
  room_id: string;
  user_id: string;
  user_name: string;
  content: string;
  message_type: 'text' | 'code' | 'system' | 'file';
  is_edited: boolean;
  created_at: string;
  edited_at: string | null;
}

export interface Execution {
  id: string;
  user_id: string;
  user_name: string;
  language: string;
  output: string | null;
  error_output: string | null;
  compile_output: string | null;
  exit_code: number | null;
  execution_time: number | null;
  memory_usage: number | null;
  status: 'pending' | 'running' | 'completed' | 'failed';
  /** Why a failed run failed: time_limit, memory_limit, … */
  verdict?: string | null;
  created_at: string;
  completed_at: string | null;
}

export interface Pagination {
  page: number;
  pages: number;
  per_page: number;
  total: number;
  has_next: boolean;
  has_prev: boolean;
}

export interface Language {
  id: number;
  name: string;
  available?: boolean;
  /** Why it can't be run. */
  reason?: string | null;
  version?: string | null;
  runner?: 'sandbox' | 'judge0';
  /** Programs can be typed into while they run. */
  live_input?: boolean;
  /** Programs can be run on a terminal that everyone shares. */
  terminal?: boolean;
  /** Has a prompt of its own (REPL). */
  interactive?: boolean;
}

export type Verdict =
  | 'accepted' | 'wrong_answer' | 'time_limit' | 'memory_limit' | 'output_limit' | 'process_limit'
  | 'runtime_error' | 'compile_error' | 'stopped' | 'internal_error';

export interface TestCase {
  id: string;
  room_id: string;
  name: string;
  /** Null when the case is hidden from the one who asks. */
  input: string | null;
  expected_output: string | null;
  is_hidden: boolean;
  /** Seconds; null: the server's default. */
  time_limit: number | null;
  /** KB; null: the server's default. */
  memory_limit: number | null;
  position: number;
}

/** What a new or changed case consists of. */
export type CaseDraft = Pick<TestCase, 'name' | 'is_hidden' | 'time_limit' | 'memory_limit'> & { input: string; expected_output: string };

export interface DiffLine {
  kind: 'same' | 'missing' | 'extra';
  line: string;
  /** Line numbers on either side; lines far from any difference are left out. */
  expected?: number | null;
  actual?: number | null;
}

export interface CaseResult {
  run_id: string;
  case_id: string;
  name: string;
  position: number;
  verdict: Verdict;
  execution_time: number | null;
  memory_usage: number | null;
  output?: string | null;
  error_output?: string | null;
  diff?: DiffLine[] | null;
}

export interface CasesRunRecord {
  id: string;
  user_id: string;
  user_name: string;
  language: string;
  status: string;
  verdict: Verdict | null;
  passed: number;
  total: number;
  compile_output?: string | null;
  results?: CaseResult[] | null;
}

/** A run that was going on when this client came. */
export interface RunSoFar {
  execution_id: string;
  user_id: string;
  user_name: string;
  language: string;
  status: string;
  live_input?: boolean;
  position?: number | null;
  output: { stream: OutputStream; data: string }[];
  /** The number of the last `execution_output` in `output`; -1 before the first. */
  seq?: number;
}

/** A shared terminal. */
export interface TerminalSession {
  session_id: string;
  user_id: string;
  user_name: string;
  language: string;
  columns: number;
  rows: number;
  /** What it printed so far (the end of it), and the number of the last `session_output` in that. */
  output?: string;
  seq?: number;
}

export interface HistoryVersion {
  version: number;
  user_id: string | null;
  user_name: string | null;
  kind: 'template' | 'text' | 'yjs' | 'restore' | (string & {});
  created_at: string;
  /** Characters. */
  inserted: number;
  deleted: number;
}

export interface HistoryPage {
  versions: HistoryVersion[];
  pagination: Pagination;
  first_version: number;
  last_version: number;
}

export interface HistoryText {
  /** The version this is the text of: the nearest older one when the asked one is not kept. */
  version: number;
  content: string;
  created_at: string;
  user_id: string | null;
  user_name: string | null;
  authors?: { user_id: string; user_name: string }[];
  /** Who typed which part, in UTF-16 units. */
  attribution?: { index: number; length: number; user_id: string | null }[];
}

export interface PlatformStatus {
  state: 'fresh' | 'stale' | 'never' | 'unknown_handle' | 'unavailable' | 'none';
  fetched_at?: string | null;
  error?: string | null;
}

export interface GithubStats {
  username: string;
  name?: string | null;
  bio?: string | null;
  location?: string | null;
  company?: string | null;
  public_repos: number;
  followers: number;
  following: number;
  total_stars: number;
  total_forks: number;
  languages: Record<string, number>;
}

export interface LeetcodeStats {
  username: string;
  real_name?: string | null;
  ranking: number | null;
  accepted_submissions: Record<string, number>;
  total_submissions: Record<string, number>;
}

export interface CodeforcesStats {
  username: string;
  rating: number | null;
  max_rating: number | null;
  rank: string | null;
  max_rank: string | null;
  contribution: number | null;
  accepted_count: number | null;
  total_submissions: number | null;
  max_problem_rating: number | null;
  avg_problem_rating: number | null;
  /** Added beside the contract by some servers: the rating after each contest, oldest first. */
  rating_history?: { rating: number; at: string }[] | null;
}

export type Platform = 'github' | 'leetcode' | 'codeforces';
export type Handles = Record<`${Platform}_username`, string | null>;

export interface Profile extends User, Partial<Handles> {
  created_at: string;
  is_guest?: boolean;
  github_stats?: GithubStats | null;
  leetcode_stats?: LeetcodeStats | null;
  codeforces_stats?: CodeforcesStats | null;
  stats_status?: Partial<Record<Platform, PlatformStatus>> | null;
  rooms_created?: number;
  rooms_joined?: number;
  public_rooms_created?: number;
}

export interface Dashboard {
  user: Profile;
  recent_rooms: Room[];
  owned_rooms: Room[];
  stats: { total_rooms_created: number; total_rooms_joined: number; active_participations: number };
}

export interface SignInResult {
  access_token: string;
  refresh_token: string;
  user: User;
}

export interface SignInConfig {
  guest: boolean;
  local: boolean;
  oidc: { authority: string; client_id: string; audience: string } | null;
}

export type OutputStream = 'stdout' | 'stderr' | 'compile';

/** Events from the server and their first argument. */
export interface ServerEvents {
  room_state: { room: Room; participants: Participant[]; recent_messages: Message[]; version: number } & WhatRuns;
  user_joined: { user_id: string; user_name: string; user_picture?: string | null };
  user_left: { user_id: string };
  participant_updated: { room_id: string; user_id: string; role: Participant['role'] };
  participant_removed: { room_id: string; user_id: string };
  doc_update: { update: Uint8Array | ArrayBuffer; user_id?: string; version: number };
  awareness_update: { update: Uint8Array | ArrayBuffer };
  new_message: Message;
  message_updated: Message;
  message_deleted: Partial<Message> & { id?: string; message_id?: string };
  execution_queued: { execution_id: string; message: string; position?: number };
  execution_started: { execution_id: string; user_id: string; language: string; live_input?: boolean };
  execution_output: { execution_id: string; stream: OutputStream; chunk: string; seq: number };
  execution_position: { execution_id: string; position: number };
  execution_input: { execution_id: string; user_id: string; data?: string; end?: boolean };
  execution_completed: Execution & { execution_id: string };
  session_started: TerminalSession;
  session_output: { session_id: string; seq: number; data: string };
  session_resized: { session_id: string; columns: number; rows: number };
  session_ended: { session_id: string; exit_code?: number | null; reason?: string | null; message?: string | null };
  cases_changed: { room_id: string };
  cases_started: { run_id: string; user_id: string; language: string; total: number };
  case_completed: CaseResult;
  cases_completed: { run_id: string; user_id: string; language: string; verdict: Verdict; passed: number; total: number; compile_output?: string | null };
  room_updated: { room?: Room } & Partial<Room>;
  room_deleted: { room_id: string; message?: string };
  room_closed: { room_id: string; message?: string };
  kicked: { room_id: string; message?: string };
  room_left: { room_id: string; reason?: string; message?: string };
  error: { message: string; code?: string; retry_after?: number };
}

export type Ack<T> = ({ ok: true } & T) | { ok: false; error: string; code?: string; retry_after?: number };

/** What is going on in a room, for those who come later. */
export interface WhatRuns {
  executions?: RunSoFar[];
  sessions?: TerminalSession[];
}

export interface JoinReply {
  room_id: string;
  room_data: Room & WhatRuns;
  content_version: number;
}

export interface DocSyncReply {
  update: Uint8Array | ArrayBuffer;
  state_vector: Uint8Array | ArrayBuffer;
  version: number;
  awareness?: Uint8Array | ArrayBuffer | null;
}

/** Binary attachments arrive as ArrayBuffer in browsers and as Buffer elsewhere. */
export function bytes(value: Uint8Array | ArrayBuffer): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array(value);
}

/** Longest text the editor accepts: the server's hard limit for a document, in UTF-16 units. */
export const MAX_DOCUMENT_LENGTH = 1_000_000;
/** Largest update sent in one event; the server closes connections over 1,000,000 bytes of payload. */
export const MAX_UPDATE_BYTES = 900_000;
export const MAX_MESSAGE_LENGTH = 1000;
export const MAX_RUN_LENGTH = 100_000;
export const MAX_CASES = 50;
/** Input and expected output of a case, each; in UTF-16 units here, the server counts bytes. */
export const MAX_CASE_TEXT = 100_000;
