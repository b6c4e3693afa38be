import { InnkeeperError, invalidInput } from '@innkeeper/model';

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

interface Invalid {
  readonly success: false;
  readonly target: string;
  readonly error: { readonly issues: readonly Issue[] };
}

/** What the validator of one part of a request (body, query, header, parameter) found. */
type Validated = { readonly success: true } | Invalid;

const refuse = ({ error, target }: Invalid): never => {
  throw invalidInput(
    error.issues.map(({ path, message }) => ({ path: path.map(String).join('.') || target, message })),
  );
};

/** Throws `invalid` with a complaint per field unless the part is valid. */
export const refuseInvalid = (result: Validated): undefined => (result.success ? undefined : refuse(result));

/**
 * The same for a body that a parser of the model reads: its errors say more than the schema's, namely the whole path,
 * the key that was probably meant, and every complaint at once. A hook that only returned would leave the answer to the
 * validator, whose own is no problem document.
 */
export const refuseBodyWith = <R>(parse: (request: R) => Promise<unknown>) => {
  const refuseBody = async (result: Invalid, request: R): Promise<never> => {
    if (result.target === 'json') await parse(request);
    return refuse(result);
  };
  return (result: Validated, c: { readonly req: R }): Promise<never> | undefined =>
    result.success ? undefined : refuseBody(result, c.req);
};

/** A body that is read by its parser and not by the validator, which passes one that is missing. Throws `invalid`. */
export const jsonOf = async (request: { json(): Promise<unknown> }): Promise<unknown> => {
  try {
    return await request.json();
  } catch (error) {
    if (error instanceof SyntaxError) throw new InnkeeperError('invalid', 'The body is missing, or no JSON');
    throw error;
  }
};
