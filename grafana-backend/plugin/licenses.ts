import fs from 'node:fs';
import path from 'node:path';
import webpack, { type Chunk, type Compilation, type Compiler, type Module } from 'webpack';

const NAME = 'ThirdPartyLicenses';
const FILE = 'THIRD_PARTY_LICENSES.txt';
const PACKAGE = /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/;
const LICENSE_FILE = /^(licen[cs]e|copying|notice)(\.|$|-)/i;

/** Writes the licences of the packages in a bundle next to it: minimizing removes them from the code. */
export class ThirdPartyLicenses {
  apply(compiler: Compiler) {
    compiler.hooks.thisCompilation.tap(NAME, (compilation) => {
      const stage = webpack.Compilation.PROCESS_ASSETS_STAGE_ADDITIONAL;
      compilation.hooks.processAssets.tap({ name: NAME, stage }, () => {
        for (const chunk of compilation.chunks) {
          const packages = [...new Set(resources(compilation, chunk).flatMap(packageOf))].sort();
          const file = path.posix.join(path.posix.dirname(chunk.name ?? ''), FILE);
          compilation.emitAsset(file, new webpack.sources.RawSource(packages.map(described).join('\n\n') || NONE));
        }
      });
    });
  }
}

const NONE = 'The bundle contains no code of other packages.\n';

/** The files in a chunk, those of joined modules too. */
function resources(compilation: Compilation, chunk: Chunk): string[] {
  const all = (module: Module): string[] => {
    const { resource, modules = [] } = module as Module & { resource?: string; modules?: Module[] };
    return [...(resource ? [resource] : []), ...modules.flatMap(all)];
  };
  return [...compilation.chunkGraph.getChunkModulesIterable(chunk)].flatMap(all);
}

const packageOf = (file: string): string[] => PACKAGE.exec(file)?.slice(1, 2) ?? [];

function described(folder: string): string {
  const { name, version, license } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const files = fs.readdirSync(folder).filter((file) => LICENSE_FILE.test(file));
  if (!license && files.length === 0) {
    throw new Error(`${name} has no licence: it cannot be part of a bundle`);
  }
  const texts = files.map((file) => fs.readFileSync(path.join(folder, file), 'utf8').trim());
  return [`${name} ${version} (${license ?? 'see below'})`, ...texts].join('\n\n');
}
