import js from '@eslint/js';
import jupyterPlugin from '@jupyter/eslint-plugin';
import prettier from 'eslint-config-prettier';
import { defineConfig, globalIgnores } from 'eslint/config';
import globals from 'globals';
import tseslint from 'typescript-eslint';

export default defineConfig([
  globalIgnores([
    'node_modules',
    'lib',
    'build',
    'dist',
    'ml_intern_jlab',
    '.venv'
  ]),
  js.configs.recommended,
  {
    files: ['*.js'],
    languageOptions: { globals: globals.node, sourceType: 'commonjs' }
  },
  {
    files: ['style/*.js'],
    languageOptions: { sourceType: 'module' }
  },
  {
    files: ['*.mjs'],
    languageOptions: { globals: globals.node }
  },
  {
    files: ['**/*.ts', '**/*.tsx'],
    plugins: { jupyter: jupyterPlugin },
    extends: [
      tseslint.configs.recommendedTypeChecked,
      jupyterPlugin.configs.recommended
    ],
    languageOptions: {
      parserOptions: { project: 'tsconfig.test.json' }
    },
    rules: {
      '@typescript-eslint/naming-convention': [
        'error',
        {
          selector: 'interface',
          format: ['PascalCase'],
          custom: { regex: '^(I[A-Z]|Window$)', match: true }
        }
      ],
      '@typescript-eslint/no-namespace': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      // Lumino's signals take a method and its `this` apart.
      '@typescript-eslint/unbound-method': 'off',
      curly: ['error', 'all'],
      eqeqeq: 'error',
      'prefer-arrow-callback': 'error'
    }
  },
  {
    // Generated: the wire's types bear the names that they have in Python.
    files: ['src/protocol.ts'],
    rules: { '@typescript-eslint/naming-convention': 'off' }
  },
  {
    // Plain Playwright: Galata's helpers are not there.
    files: ['ui-tests/**'],
    rules: { 'jupyter/galata-prefer-notebook-cell-helper': 'off' }
  },
  prettier
]);
