import { readFileSync } from 'node:fs';

/** Words that have Vitest write what it found to a file as well. @param {string} file */
export const writtenTo = (file) => ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];

/** @typedef {{ status: string, fullName: string, failureMessages?: string[] }} Test */
/** @typedef {{ name: string, status: string, message?: string, assertionResults: Test[] }} File */

/** Each failure of a suite in two lines, so that the end of a long output says what there is to do. */
export const failuresIn = (/** @type {string} */ file, /** @type {string} */ root) => {
  /** @type {{ testResults: File[] }} */
  const { testResults } = JSON.parse(readFileSync(file, 'utf8'));
  return testResults
    .filter(({ status }) => status === 'failed')
    .flatMap(({ name, message, assertionResults }) => {
      const failed = assertionResults.filter(({ status }) => status === 'failed');
      const path = name.replace(`${root.replace(/\/$/, '')}/`, '');
      const first = (/** @type {string | undefined} */ text) => (text ?? '').split('\n')[0]?.slice(0, 300);
      if (failed.length === 0) return [`${path}\n    ${first(message)}`];
      return failed.map((test) => `${path} > ${test.fullName}\n    ${first(test.failureMessages?.[0])}`);
    });
};
