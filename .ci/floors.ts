import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseFile } from '@swc/core';
import { Visitor } from '@swc/core/Visitor.js';
import { cruise, type ICruiseOptions, type ICruiseResult } from 'dependency-cruiser';
import extractDepcruiseOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';

const FOLDERS = ['contract', 'backing', 'edge', 'origin', 'ingest', 'infra'];

export interface Floors {
  modules: number;
  imports: number;
  /** Each as `rule: from -> to`; empty when every floor holds. */
  violations: string[];
}

// dependency-cruiser reads by this visitor, which throws at a `using` declaration.
const visitStatement = Visitor.prototype.visitStatement;
Visitor.prototype.visitStatement = function (statement) {
  const { type, decls } = statement as {
    type: string;
    decls?: Parameters<Visitor['visitVariableDeclarators']>[0];
  };
  if (type !== 'UsingDeclaration' || !decls) return visitStatement.call(this, statement);
  this.visitVariableDeclarators(decls);
  return statement;
};

/** The modules named by `import('…')` in a type, most of which dependency-cruiser does not see. */
function inlineTypeImports(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  const { type, argument } = node as { type?: unknown; argument?: { value?: unknown } };
  const own = type === 'TsImportType' ? [String(argument?.value)] : [];
  return [...own, ...Object.values(node).flatMap(inlineTypeImports)];
}

/** Checks the tree under `root` against the rules in `.dependency-cruiser.mjs`; throws when it cannot parse a file. */
export async function floors(root: string): Promise<Floors> {
  const folders = [...FOLDERS, 'test'].filter((folder) => existsSync(join(root, folder)));
  const rules = await extractDepcruiseOptions(join(import.meta.dirname, '../.dependency-cruiser.mjs'));
  const options: ICruiseOptions = { ...rules, baseDir: resolve(root), validate: true };
  const { output } = await cruise(folders, options, rules.enhancedResolveOptions);
  const { modules, summary } = output as ICruiseResult;
  const own = modules.filter(
    ({ source, couldNotResolve }) =>
      !couldNotResolve && folders.some((folder) => source.startsWith(`${folder}/`)),
  );
  const imports = own.reduce((sum, { dependencies }) => sum + dependencies.length, 0);

  const violations = summary.violations.map(({ rule, from, to, cycle }) =>
    [`${rule.name}: ${from}`, ...(cycle?.map(({ name }) => name) ?? [to])].join(' -> '),
  );
  for (const { source } of own.filter(({ source }) => source.endsWith('.ts'))) {
    const tree = await parseFile(join(root, source), { syntax: 'typescript', decorators: true });
    violations.push(...inlineTypeImports(tree).map((to) => `no-inline-type-import: ${source} -> ${to}`));
  }
  for (const folder of FOLDERS) {
    if (!own.some(({ source }) => source.startsWith(`${folder}/`)))
      violations.push(`nothing-seen: ${folder} -> no module`);
  }
  if (imports === 0) violations.push('nothing-seen: every folder -> no import');
  return { modules: own.length, imports, violations: violations.sort() };
}

if (import.meta.main) {
  const { modules, imports, violations } = await floors(process.argv[2] ?? '.');
  for (const violation of violations) console.error(violation);
  console.log(`floors: ${modules} modules, ${imports} imports, ${violations.length} violations`);
  if (violations.length > 0) process.exitCode = 1;
}
