import { listRules, type RuleRow, ruleHistory, saveRule } from '@innkeeper/inventory';
import {
  InnkeeperError,
  invalidInput,
  mostRules,
  type Rule,
  type RuleTest,
  type RuleView,
  sameJson,
} from '@innkeeper/model';
import { compileCondition, decide, type Snapshot, shippedRules, withoutPlaced } from '@innkeeper/placement';
import { record, type Trail } from './access/trail.ts';
import { type Control, tell } from './control.ts';
import { readKnown, requestOf, snapshotOf } from './snapshot.ts';

/** Who saved what an installation began with. */
export const shippedAuthor = 'innkeeper';
const mostLines = 100;

const notFound = (id: string): InnkeeperError =>
  new InnkeeperError('not_found', `There is no rule ${id.slice(0, 80)}`, { hint: 'inn rule ls shows what there is' });

const viewOf = (row: RuleRow & { readonly rule: Rule }): RuleView => ({
  rule: row.rule,
  version: row.version,
  author: row.author,
  at: row.at.toISOString(),
  shipped: row.author === shippedAuthor,
});

export const ruleViews = async (control: Control): Promise<RuleView[]> =>
  (await listRules(control.inventory.db)).map(viewOf);

/** Every version, newest first; one without a rule says who removed it. */
export const ruleVersions = async (control: Control, id: string) => {
  const rows = await ruleHistory(control.inventory.db, id);
  if (rows.length === 0) throw notFound(id);
  return rows.map(({ rule, version, author, at }) => ({
    version,
    author,
    at: at.toISOString(),
    ...(rule === null ? {} : { rule }),
  }));
};

/** Throws `invalid`, naming the field, for a condition that is not typed or could run for long. */
const checkRule = (rule: Rule): void => {
  try {
    compileCondition(rule.when);
  } catch (thrown) {
    if (!(thrown instanceof InnkeeperError)) throw thrown;
    const message = `${JSON.stringify(rule.when.slice(0, 80))} ${thrown.message.replace(/^when: /, '')}`;
    throw invalidInput([
      { path: `rules.${rule.id}.when`, message, hint: 'docs/rules.md lists what rules can ask about' },
    ]);
  }
};

/** Saves the next version of a rule; what waits is tried again with it. Undefined when it is so already. */
export const putRule = async (control: Control, rule: Rule, trail: Trail): Promise<RuleView | undefined> => {
  const author = trail.who;
  checkRule(rule);
  const { db } = control.inventory;
  const current = await listRules(db);
  const before = current.find(({ id }) => id === rule.id);
  if (before === undefined && current.length >= mostRules)
    throw new InnkeeperError('conflict', `There are ${mostRules} rules already, and more are not possible`);
  if (before !== undefined && sameJson(before.rule, rule)) return undefined;
  const row = await control.inventory.transaction(async (tx) => {
    await record(tx, trail, { resource: { kind: 'rule', name: rule.id }, before: before?.rule, after: rule });
    return saveRule(tx, rule.id, rule, author);
  });
  await tell(control, {
    kind: before === undefined ? 'rule.added' : 'rule.changed',
    subject: { kind: 'rule', id: rule.id, name: rule.id },
    text: `rule ${rule.id}: version ${row.version} by ${author}`,
  });
  control.wakeWaiting();
  return viewOf({ ...row, rule });
};

export const removeRule = async (control: Control, id: string, trail: Trail): Promise<void> => {
  const { db } = control.inventory;
  const author = trail.who;
  const before = (await listRules(db)).find((one) => one.id === id);
  if (before === undefined) throw notFound(id);
  await control.inventory.transaction(async (tx) => {
    await record(tx, trail, { resource: { kind: 'rule', name: id }, before: before.rule });
    await saveRule(tx, id, null, author);
  });
  await tell(control, {
    kind: 'rule.removed',
    subject: { kind: 'rule', id, name: id },
    text: `rule ${id} was removed by ${author}`,
  });
  control.wakeWaiting();
};

const linesOf = (snapshot: Snapshot, request: ReturnType<typeof requestOf>, rule: Rule): RuleTest['lines'] => {
  const lifted = request.current === undefined ? snapshot : withoutPlaced(snapshot, request, request.current);
  const { candidates } = decide({ ...lifted, rules: [{ ...rule, enabled: true }] }, request);
  return candidates.map(({ candidate, checks, scores }) => {
    const found =
      checks.find(({ check }) => check === `rule:${rule.id}`) ?? scores.find(({ name }) => name === `rule:${rule.id}`);
    const points = found !== undefined && 'points' in found ? `${found.points >= 0 ? '+' : ''}${found.points} ` : '';
    return {
      workload: request.name,
      candidate: `${candidate.host}/${candidate.driver}`,
      holds: found !== undefined,
      text: found === undefined ? 'does not apply' : `${points}${found.text}`,
    };
  });
};

/** What a rule would do to every workload there is, saving nothing. */
export const testRule = async (control: Control, rule: Rule): Promise<RuleTest> => {
  try {
    checkRule(rule);
  } catch (thrown) {
    if (!(thrown instanceof InnkeeperError)) throw thrown;
    return { valid: false, problem: thrown.message, lines: [] };
  }
  const known = await readKnown(control.inventory.db);
  const snapshot = snapshotOf(known, control.installation);
  const lines = known.workloads.flatMap((row) => linesOf(snapshot, requestOf(row.name, row.spec, row), rule));
  return { valid: true, lines: lines.slice(0, mostLines) };
};

/** The rules that every installation begins with. */
export const rulesToShip = shippedRules;
