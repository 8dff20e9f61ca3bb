// Load test of the list of products:  k6 run -e EMAIL=... -e PASSWORD=... modules/catalog/load/product.js
// Another server: -e BASE_URL=https://... Another load: --vus 10 --duration 10s
import http from 'k6/http';
import { check } from 'k6';

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

// One session is enough: what is measured is the list.
export function setup() {
  const account = JSON.stringify({ email: __ENV.EMAIL, password: __ENV.PASSWORD });
  const res = http.post(`${base}/api/v1/accounts/login`, account, { headers: { 'Content-Type': 'application/json' } });
  if (res.status >= 300) {
    throw new Error(`sign in as ${__ENV.EMAIL}: ${res.status} ${res.body}`);
  }
  const cookies = {};
  for (const name of Object.keys(res.cookies)) {
    cookies[name] = res.cookies[name][0].value;
  }
  return { cookies };
}

export default function (session) {
  const res = http.get(`${base}/api/v1/catalog/products`, session);
  check(res, {
    'status is 200': (r) => r.status === 200,
    'no rate limit': (r) => r.status !== 429,
    'holds a page': (r) => Array.isArray(r.json('data')),
  });
}
