// A certified OpenID provider on the loopback interface with people of the demo company. Any password signs in: it is their provider, not our test.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { generateKeyPairSync } from 'node:crypto';

const require = createRequire(`${process.env.PACKAGES}/node_modules/`);
const { Provider } = await import(require.resolve('oidc-provider'));
const [port, back] = [Number(process.env.PORT), process.env.BACK];
const people = {
  sam: { email: 'sam.oduya@lindqvist.example', email_verified: true, preferred_username: 'sam.oduya', teams: ['it-desk'] },
  fiona: { email: 'fiona.baxter@lindqvist.example', email_verified: true, preferred_username: 'fiona.baxter', teams: ['it-auditors'] },
  stranger: { email: 'stranger@lindqvist.example', email_verified: true, preferred_username: 'stranger', teams: ['it-admins'] },
  unverified: { email: 'sam.oduya@lindqvist.example', email_verified: false, preferred_username: 'sam.oduya', teams: ['it-admins'] },
};
const made = (kid) => ({ ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid });
const about = { redirect_uris: [`${back}/console/sign-in/callback`], post_logout_redirect_uris: [`${back}/console/sign-in`] };
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    { client_id: 'firstline', client_secret: 'a-secret-of-tests', ...about },
    { client_id: 'firstline-public', token_endpoint_auth_method: 'none', ...about },
  ],
  jwks: { keys: [made(process.env.KEY)] },
  cookies: { keys: ['for tests only'] },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['preferred_username'], teams: ['teams'] },
  scopes: ['openid', 'email', 'profile', 'teams'],
  conformIdTokenClaims: process.env.CLAIMS !== 'token',
  findAccount: (_context, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
  features: { devInteractions: { enabled: true } },
  pkce: { required: () => true },
});
provider.listen(port, '127.0.0.1', () => console.log('ready'));
createInterface({ input: process.stdin }).on('close', () => process.exit(0));
