// Signing in at the organisation's provider: authorization code with PKCE (RFC 7636). The page goes to the provider and
// comes back to /sign-in/callback; what has to survive the trip is in session storage, bound to the random `state`.

import { ApiError, type Api } from '../api';
import type { SignInConfig, SignInResult } from '../wire';

type Provider = NonNullable<SignInConfig['oidc']>;

interface Trip {
  state: string;
  verifier: string;
  returnTo: string;
}

const KEY = 'codechill.provider-trip';
export const CALLBACK_PATH = '/sign-in/callback';

export async function startProviderSignIn(provider: Provider): Promise<void> {
  const { authorization_endpoint } = await discover(provider);
  const trip: Trip = { state: random(), verifier: random(), returnTo: location.pathname };
  sessionStorage.setItem(KEY, JSON.stringify(trip));
  const url = new URL(authorization_endpoint);
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: provider.client_id,
    redirect_uri: location.origin + CALLBACK_PATH,
    scope: 'openid profile email',
    audience: provider.audience,
    // Auth0 names the API `audience`; providers that follow RFC 8707 name it `resource`.
    resource: provider.audience,
    state: trip.state,
    code_challenge: await challenge(trip.verifier),
    code_challenge_method: 'S256',
  }).toString();
  location.assign(url);
}

/** Back from the provider: trades the code for this server's session. Returns where the trip began. */
export async function finishProviderSignIn(api: Api, query: URLSearchParams): Promise<{ result: SignInResult; returnTo: string }> {
  const trip = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Trip | null;
  sessionStorage.removeItem(KEY);
  const code = query.get('code');
  if (query.get('error')) throw new Error(query.get('error_description') ?? 'The provider did not sign you in.');
  if (!trip || !code || query.get('state') !== trip.state) throw new Error('This sign-in was not started here, or took too long. Try again.');
  const { oidc } = await api.config();
  if (!oidc) throw new Error('This server has no identity provider any more.');
  const { token_endpoint } = await discover(oidc);
  const response = await fetch(token_endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: oidc.client_id,
      code,
      code_verifier: trip.verifier,
      redirect_uri: location.origin + CALLBACK_PATH,
      resource: oidc.audience,
    }),
  });
  const answer = (await response.json().catch(() => ({}))) as { access_token?: string; error_description?: string };
  if (!response.ok || !answer.access_token) throw new Error(answer.error_description ?? 'The provider did not sign you in.');
  return { result: await login(api, answer.access_token), returnTo: trip.returnTo };
}

/** The server asks the provider too, for its keys. While it can't, the code is spent already but the token still good: ask again, not start over. */
export async function login(api: Pick<Api, 'loginWithProvider'>, token: string, tries = 3): Promise<SignInResult> {
  for (;;) {
    try {
      return await api.loginWithProvider(token);
    } catch (failure) {
      const seconds = failure instanceof ApiError && failure.status === 503 ? (failure.retryAfter ?? 0) : 0;
      if (--tries === 0 || !seconds) throw failure;
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    }
  }
}

async function discover(provider: Provider): Promise<{ authorization_endpoint: string; token_endpoint: string }> {
  const authority = provider.authority.replace(/\/$/, '');
  try {
    const response = await fetch(`${authority}/.well-known/openid-configuration`);
    if (!response.ok) throw new Error(String(response.status));
    return (await response.json()) as { authorization_endpoint: string; token_endpoint: string };
  } catch {
    throw new Error('The identity provider can’t be reached. Try again soon.');
  }
}

function random(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

async function challenge(verifier: string): Promise<string> {
  if (!crypto.subtle) throw new Error('Signing in with a provider needs https.');
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))));
}

export function base64url(data: Uint8Array): string {
  return btoa(String.fromCharCode(...data)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}
