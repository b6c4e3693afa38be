import { InnkeeperError } from '@innkeeper/model';

const wrong = (field: string, value: string, what: string, right: string): InnkeeperError =>
  new InnkeeperError('invalid', `${field}: "${value.slice(0, 200)}" ${what}; ${right}`, {
    complaints: [{ path: field, message: what, hint: right }],
  });

/** An http or https address. Throws `invalid` for any other, and for one with a password in it, which would be shown to everybody. */
export const checkUrl = (field: string, text: string, right = 'http and https addresses can be used'): string => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:\/\//i.test(text))
    throw wrong(field, text, 'is no address that can be fetched', right);
  if (url.username !== '' || url.password !== '')
    throw wrong(
      field,
      `${url.protocol}//…@${url.host}`,
      'has a password in it',
      'put what needs one where it needs none',
    );
  url.hash = '';
  return url.href;
};

/** A file of the control plane's machine, or an address. */
export const checkSource = (
  text: string,
): { readonly kind: 'file'; readonly path: string } | { readonly kind: 'url'; readonly url: string } => {
  const right = 'an absolute path on the machine of the control plane, or an http or https address';
  if (!text.startsWith('/')) return { kind: 'url', url: checkUrl('source', text, right) };
  if (text.includes('\0') || text.split('/').includes('..')) throw wrong('source', text, 'is no plain path', right);
  return { kind: 'file', path: text };
};
