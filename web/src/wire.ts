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
  reason?: string | null;
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
  room_state: { room: Room; participants: Participant[]; recent_messages: Message[]; version: number };
  user_joined: { user_id: string; user_name: string; user_picture?: string | null };
  user_left: { user_id: string };
  doc_update: { update: Uint8Array | ArrayBuffer; user_id?: string; version: number };
  awareness_update: { update: Uint8Array | ArrayBuffer };
  new_message: Message;
  message_updated: Message;
  message_deleted: Partial<Message> & { id?: string; message_id?: string };
  execution_queued: { execution_id: string; message: string; position?: number };
  execution_started: { execution_id: string; user_id: string; language: string };
  execution_output: { execution_id: string; stream: OutputStream; chunk: string; seq: number };
  execution_completed: Execution & { execution_id: string };
  room_updated: { room?: Room } & Partial<Room>;
  room_deleted: { room_id: string; message?: string };
  room_closed: { room_id: string; message?: string };
  kicked: { room_id: string; message?: string };
  room_left: { room_id: string; reason?: string; message?: string };
  session_ended: { message?: string };
  error: { message: string; code?: string };
}

export type Ack<T> = ({ ok: true } & T) | { ok: false; error: string; code?: string };

export interface JoinReply {
  room_id: string;
  room_data: Room;
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
