import { InnkeeperError, parseWith, type Rule, type RuleView, rule } from '@innkeeper/model';
import type { Command } from 'commander';
import { readYaml } from '../manifest-file.ts';
import { ruleTestText } from '../show/answers.ts';
import { checkFormat, outputOption, print, printItems, say } from '../show/output.ts';
import { dim, plain } from '../show/style.ts';
import { table } from '../show/table.ts';
import { client } from '../target.ts';

const target = ({ backend, driver, host }: Rule): string =>
  [backend, driver, host].filter((part) => part !== undefined).join(', ') || 'any';

const effect = ({ then, weight }: Rule): string => (weight === undefined ? then : `${then} ${weight}`);

const readRule = async (path: string): Promise<Rule> => parseWith(rule, await readYaml(path), path);

const findRule = async (id: string): Promise<RuleView> => {
  const found = (await client().rules()).find((one) => one.rule.id === id);
  if (found !== undefined) return found;
  throw new InnkeeperError('not_found', `There is no rule ${id}`, { hint: 'inn rule ls shows what there is' });
};

const save = async (changed: Rule): Promise<void> => {
  const saved = await client().putRule(changed);
  say(saved === undefined ? `rule ${changed.id} is so already` : `rule ${changed.id}: version ${saved.version}`);
};

const yaml = async (value: unknown): Promise<string> => (await import('yaml')).stringify(value).trimEnd();

const addReading = (rules: Command): void => {
  rules
    .command('ls', { isDefault: true })
    .description('the rules that are in force, shipped ones too')
    .option(...outputOption)
    .action(async ({ output }: { output: string }) => {
      const views = await client().rules();
      await printItems(
        checkFormat(output),
        views,
        (view) => view.rule.id,
        () =>
          table(
            [
              { title: 'ID', value: (view) => view.rule.id },
              {
                title: 'ON',
                value: (view) => (view.rule.enabled === false ? 'off' : 'on'),
                paint: (text, view) => (view.rule.enabled === false ? dim(text) : text),
              },
              { title: 'THEN', value: (view) => effect(view.rule) },
              { title: 'WHAT', value: (view) => target(view.rule) },
              { title: 'WHEN', value: (view) => view.rule.when },
              { title: 'VERSION', value: ({ version, author }) => `${version} by ${author}` },
            ],
            views,
          ),
      );
    });
  rules
    .command('show <id>')
    .description('one rule as it can be saved again')
    .action(async (id: string) => print(await yaml((await findRule(id)).rule)));
  rules
    .command('history <id>')
    .description('every version of a rule: what it was, who saved it and when')
    .action(async (id: string) => {
      for (const { version, author, at, rule: one } of await client().ruleVersions(id))
        print(
          `${dim(`version ${version}, ${at}, by ${plain(author)}`)}\n${one === undefined ? 'removed' : await yaml(one)}`,
        );
    });
};

const addChanging = (rules: Command): void => {
  rules
    .command('set')
    .description('save a rule of a file; each change is a version of its own')
    .requiredOption('-f, --file <path>', 'the rule (- for standard input)')
    .action(async ({ file }: { file: string }) => save(await readRule(file)));
  rules
    .command('test')
    .description('say what a rule would do to what there is, saving nothing')
    .option('-f, --file <path>', 'the rule (- for standard input)')
    .option('--id <id>', 'a rule that is saved already')
    .action(async ({ file, id }: { file?: string; id?: string }) => {
      if ((file === undefined) === (id === undefined))
        throw new InnkeeperError('invalid', 'rule test needs either -f FILE or --id ID');
      const one = file === undefined ? (await findRule(id ?? '')).rule : await readRule(file);
      const tested = await client().testRule(one);
      print(ruleTestText(tested));
      if (!tested.valid) process.exitCode = 2;
    });
  for (const [verb, enabled] of [
    ['enable', true],
    ['disable', false],
  ] as const) {
    rules
      .command(`${verb} <id>`)
      .description(enabled ? 'switch a rule on' : 'switch a rule off; it stays, and can be switched on again')
      .action(async (id: string) => {
        const { enabled: _, ...rest } = (await findRule(id)).rule;
        await save(enabled ? rest : { ...rest, enabled });
      });
  }
  rules
    .command('rm <id>')
    .description('remove a rule; its versions stay')
    .action(async (id: string) => {
      await client().removeRule(id);
      say(`rule ${id} was removed`);
    });
};

export const addRules = (program: Command): void => {
  const rules = program.command('rule').description('what the operator requires, forbids and prefers');
  addReading(rules);
  addChanging(rules);
};
