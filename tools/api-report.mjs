/**
 * API reports of the libraries that others build on: everything that each exports, in libs/<name>/secagg-<name>.api.md.
 * A change of it shows in a review. `npm run lint` compares; `npm run api` writes them anew.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const libraries = ['schema', 'crypto', 'dp-noise', 'journal', 'protocol', 'metrics', 'client'];
const types = join(root, 'tmp/api');

/** Declarations of all libraries, beside each other as the sources are. */
function declare() {
  rmSync(types, { recursive: true, force: true });
  mkdirSync(types, { recursive: true });
  const tsconfig = join(types, 'tsconfig.json');
  writeFileSync(
    tsconfig,
    JSON.stringify({
      extends: '../../tsconfig.base.json',
      compilerOptions: {
        declaration: true,
        emitDeclarationOnly: true,
        noEmit: false,
        outDir: '.',
        rootDir: '../..',
        typeRoots: ['../../node_modules/@types'],
      },
      include: libraries.map((name) => `../../libs/${name}/src`),
      exclude: ['../../libs/*/src/**/*.spec.ts', '../../libs/*/test'],
    }),
  );
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', tsconfig], { stdio: 'inherit' });
}

/** @returns whether the report is as it was; without `update` it is only compared */
function report(name, update) {
  const reportFolder = join(root, 'libs', name);
  const config = ExtractorConfig.prepare({
    configObjectFullPath: join(root, `libs/${name}/api-extractor.json`),
    packageJsonFullPath: join(root, 'package.json'),
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: join(types, 'libs', name, 'src/index.d.ts'),
      newlineKind: 'lf',
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: 'es2022',
            module: 'esnext',
            moduleResolution: 'bundler',
            strict: true,
            skipLibCheck: true,
            types: ['node'],
            paths: Object.fromEntries(
              libraries.map((each) => [`@secagg/${each}`, [join(types, 'libs', each, 'src/index.d.ts')]]),
            ),
          },
          include: [join(types, 'libs')],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: `secagg-${name}`,
        reportFolder,
        reportTempFolder: join(types, 'reports', name),
        includeForgottenExports: false,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: 'error' } },
        extractorMessageReporting: { default: { logLevel: 'none' } },
        tsdocMessageReporting: { default: { logLevel: 'none' } },
      },
    },
  });
  const { apiReportChanged, succeeded } = Extractor.invoke(config, {
    localBuild: update,
    showVerboseMessages: false,
    messageCallback: (message) => {
      if (message.logLevel !== ExtractorLogLevel.Error) message.handled = true;
    },
  });
  return update ? succeeded : succeeded && !apiReportChanged;
}

const { update } = new Command('api-report')
  .description('Compares what the libraries export with their API reports; exit status 1 when that has changed.')
  .option('--update', 'write the reports anew', false)
  .allowExcessArguments(false)
  .showHelpAfterError('(--help for the options)')
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .parse()
  .opts();
declare();
const changed = libraries.filter((name) => !report(name, update));
rmSync(types, { recursive: true, force: true });
if (changed.length > 0) {
  console.error(
    `The public API of ${changed.join(', ')} has changed. Look at it, run \`npm run api\`, and commit the reports.`,
  );
  process.exitCode = 1;
}
