import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

import { CLIENTS, gatewayAddress } from './snippets';

const target = { gatewayUrl: 'https://events.example', project: 'website' };

test.each(CLIENTS.map((client) => [client.id, client] as const))(
  '%s names the gateway and the project',
  (_, client) => {
    const text = client.snippet(target);
    expect(text).toContain('events.example');
    expect(text).toContain('website');
  }
);

test('an address is http or https, without its last slash', () => {
  expect(gatewayAddress(' https://events.example/ ')).toBe('https://events.example');
  expect(gatewayAddress('http://127.0.0.1:4195')).toBe('http://127.0.0.1:4195');
  expect(gatewayAddress('events.example')).toBeUndefined();
  expect(gatewayAddress('javascript:alert(1)')).toBeUndefined();
});

test('what is typed stays within its string', () => {
  const odd = { gatewayUrl: 'https://e.example', project: `a'b"c</script><$(id)` };
  for (const { id, language, snippet } of CLIENTS) {
    const text = snippet(odd);
    if (language === 'javascript' && id !== 'node') {
      expect(() => new Function(text.replace(/^import .*$/m, '')), id).not.toThrow();
    }
    if (language === 'html') {
      expect(text.match(/<\/script>/g), id).toHaveLength(1);
    }
  }
  // A shell reads the words that were meant.
  const curl = CLIENTS.find(({ id }) => id === 'curl')!.snippet(odd);
  const words = execFileSync('sh', ['-c', curl.replace('curl -i', 'printf "%s\\n"')], { encoding: 'utf8' }).split('\n');
  expect(words).toContain(`X-App: ${odd.project}`);
});
