// Load test of one's own account, behind a session:  k6 run -e EMAIL=... -e PASSWORD=... modules/accounts/load/user.js
// Another server: -e BASE_URL=https://... Another load: --vus 10 --duration 10s
import http from 'k6/http';
import { check, fail } from 'k6';

export const options = {
  vus: 100,
  duration: '30s',
  thresholds: {
    http_req_duration: ['p(95)<200'],
    http_req_failed: ['rate<0.01'],
    checks: ['rate>0.99'],
    'checks{check:no rate limit}': ['rate==1'], // else it would measure how fast requests are refused: --set limits.enabled=false
  },
};

const base = __ENV.BASE_URL || 'http://localhost:8080';

// setup signs in once: a login takes a CPU for some 20 ms on purpose, and its limit is there to be met.
export function setup() {
  const res = http.post(`${base}/api/v1/accounts/login`, JSON.stringify({ email: __ENV.EMAIL, password: __ENV.PASSWORD }), {
    headers: { 'Content-Type': 'application/json' },
  });
  if (res.status !== 200) {
    fail(`sign in: ${res.status} ${res.body}`);
  }
  return res.headers['Set-Cookie'].split(';')[0];
}

export default function (session) {
  const res = http.get(`${base}/api/v1/accounts/me`, { headers: { Cookie: session } });
  check(res, {
    'status is 200': (r) => r.status === 200,
    'no rate limit': (r) => r.status !== 429,
    'it is me': (r) => r.json('email') === __ENV.EMAIL,
  });
}
