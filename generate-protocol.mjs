// Reads the JSON schema of `python -m ml_intern_jlab.protocol` on stdin and prints src/protocol.ts.
import { text } from 'node:stream/consumers';
import { compile } from 'json-schema-to-typescript';
import * as prettier from 'prettier';

const TARGET = 'src/protocol.ts';
const BANNER =
  '// Generated from ml_intern_jlab/protocol.py by `make protocol`; change that file instead.';

const schema = JSON.parse(await text(process.stdin));
const types = await compile(schema, schema.title, {
  additionalProperties: false,
  bannerComment: BANNER,
  format: false,
  ignoreMinAndMaxItems: true
});
const version = `
/** Raised whenever an older panel could misread a message. */
export const PROTOCOL_VERSION = ${schema.properties.version.const};
`;
// The compiler tells for every type that the schema has it: noise in each comment.
const provenance =
  /(\n \*)?\n \* This interface was referenced by .*\n \* via the `definition` .*/g;
const options = await prettier.resolveConfig(TARGET);
process.stdout.write(
  await prettier.format(
    types.replace(provenance, '').replaceAll('/**\n */\n', '') + version,
    {
      ...options,
      filepath: TARGET
    }
  )
);
