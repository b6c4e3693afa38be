/** Thrown by a step that cannot go on now and can later: the operation is put aside, undoes nothing and blocks nobody. */
export class Waiting extends Error {
  override readonly name = 'Waiting';
  readonly waitsFor: string;

  constructor(waitsFor: string) {
    super(`waits: ${waitsFor}`);
    this.waitsFor = waitsFor;
  }
}
