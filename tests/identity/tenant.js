// An OpenID Connect tenant for tests: the certified oidc-provider with its users made up. Any login_hint signs in as that user without a
// password; users called "shy…" keep their e-mail address out of the access token. Prints {"issuer"} once it listens; ends with its stdin.
import { createServer } from 'node:http';
import { generateKeyPairSync } from 'node:crypto';
import Provider from 'oidc-provider';

const audience = process.env.AUDIENCE ?? 'https://api.codechill.test';
const redirectUri = process.env.REDIRECT_URI ?? 'http://127.0.0.1/callback';
const server = createServer();
await new Promise((resolve) => server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
const profileOf = (sub) => ({ sub, email: `${sub}@example.org`, email_verified: true, name: sub, picture: `https://pictures.test/${sub}.png` });

const provider = new Provider(issuer, {
  clients: [{
    client_id: 'web-client',
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
  }],
  jwks: { keys: [{ ...key, kid: 'tenant-key', use: 'sig', alg: 'RS256' }] },
  cookies: { keys: ['only for tests'] },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'picture'] },
  clientBasedCORS: () => true,
  findAccount: (ctx, id) => ({ accountId: id, claims: () => profileOf(id) }),
  extraTokenClaims: (ctx, token) => {
    if (!token.accountId || token.accountId.startsWith('shy')) return undefined;
    const { sub, ...profile } = profileOf(token.accountId);
    return profile;
  },
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  features: {
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => audience,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({ scope: 'api', audience, accessTokenFormat: 'jwt', accessTokenTTL: 3600, jwt: { sign: { alg: 'RS256' } } }),
    },
  },
});

const answer = provider.callback();
server.on('request', async (request, response) => {
  if (!request.url.startsWith('/interaction/')) return answer(request, response);
  try {
    const { prompt, params, session, grantId } = await provider.interactionDetails(request, response);
    if (prompt.name === 'login') {
      const result = { login: { accountId: params.login_hint ?? 'ann' } };
      return await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
    }
    const grant = grantId ? await provider.Grant.find(grantId) : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    grant.addOIDCScope(prompt.details.missingOIDCScope?.join(' ') ?? 'openid');
    for (const [resource, scopes] of Object.entries(prompt.details.missingResourceScopes ?? {})) grant.addResourceScope(resource, scopes.join(' '));
    const result = { consent: { grantId: await grant.save() } };
    return await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});

console.log(JSON.stringify({ issuer, audience }));
process.stdin.resume().on('end', () => process.exit(0));
