import { defineConfig } from 'eslint/config';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import baseConfig from './.config/eslint.config.mjs';

export default defineConfig([
  { ignores: ['**/node_modules/', '**/dist/', 'src/query/generated.ts'] },
  ...baseConfig,
  {
    files: ['src/**/*.{ts,tsx}', 'preview/src/**/*.{ts,tsx}'],
    plugins: { 'import-x': importX },
    settings: {
      'import-x/extensions': ['.ts', '.tsx'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts', '.tsx'] },
      'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.tsx', '.js', '.json'] })],
    },
    // Modules that depend on each other cannot be read, tested or moved separately. Type imports count too.
    rules: { 'import-x/no-cycle': ['error', { ignoreExternal: true }] },
  },
  {
    files: ['preview/src/**/*.{ts,tsx}'],
    rules: {
      // Its build brings React into scope by itself, and it gives the plugins what Grafana gives them.
      'react/react-in-jsx-scope': 'off',
      'no-restricted-imports': 'off',
      'react-hooks/set-state-in-effect': 'off',
    },
  },
]);
