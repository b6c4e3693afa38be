/**
 * Does `work` at once when it is asked to, and when it is asked again within `restMs` of that, once more behind it. `work` never
 * throws.
 */
export const rested = (restMs: number, work: () => void): (() => void) => {
  let resting = false;
  let again = false;
  const begin = (): void => {
    resting = true;
    again = false;
    work();
    setTimeout(() => {
      resting = false;
      if (again) begin();
    }, restMs).unref();
  };
  return () => {
    if (resting) again = true;
    else begin();
  };
};
