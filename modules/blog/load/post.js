// Load test of the list of posts:  k6 run modules/blog/load/post.js
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

export default function () {
  const res = http.get(`${base}/api/v1/blog/posts`);
  check(res, {
    'status is 200': (r) => r.status === 200,
    'no rate limit': (r) => r.status !== 429,
    'holds a page': (r) => Array.isArray(r.json('data')),
  });
}
