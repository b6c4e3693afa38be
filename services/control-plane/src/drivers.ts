import { contractVersion, type Driver, type DriverEnvironment, type DriverFactory } from '@innkeeper/driver-contract';
import { InnkeeperError } from '@innkeeper/model';

/** How a package becomes its module; tests have their own. */
type Importer = (name: string) => Promise<unknown>;

interface Loaded {
  readonly from: string;
  readonly factory: DriverFactory;
}

const refuse = (name: string, problem: string, cause?: unknown): never => {
  throw new InnkeeperError('invalid', `INNKEEPER_DRIVERS: ${name} ${problem}`, {
    hint: 'docs/drivers.md says what a package of drivers exports, and how it is installed',
    ...(cause === undefined ? {} : { cause }),
  });
};

const isFactory = (value: unknown): value is DriverFactory =>
  typeof value === 'object' &&
  value !== null &&
  'id' in value &&
  typeof value.id === 'string' &&
  'open' in value &&
  typeof value.open === 'function';

const factoriesIn = (module: unknown): readonly DriverFactory[] | undefined => {
  const { drivers, default: fallback } = module as { readonly drivers?: unknown; readonly default?: unknown };
  const list = drivers ?? fallback;
  return Array.isArray(list) && list.length > 0 && list.every(isFactory) ? list : undefined;
};

const loadPackage = async (name: string, importer: Importer): Promise<Loaded[]> => {
  const module = await importer(name).catch((error: unknown) => refuse(name, 'cannot be loaded', error));
  const factories = factoriesIn(module) ?? refuse(name, 'exports no list of drivers');
  return factories.map((factory) => ({ from: name, factory }));
};

const openOne = ({ from, factory }: Loaded, environment: DriverEnvironment): Driver => {
  const driver = factory.open(environment);
  const { contract } = driver.info();
  if (contract !== contractVersion)
    refuse(from, `has the driver ${factory.id} for contract ${contract}; this version speaks ${contractVersion}`);
  return driver;
};

/**
 * The drivers of the named packages, opened for one host, by their ids. Throws `invalid` naming the package that is not
 * there, exports no drivers, speaks another contract, or brings an id that another one has.
 */
export const openDrivers = async (
  packages: readonly string[],
  environment: DriverEnvironment,
  importer: Importer = (name) => import(name),
): Promise<Map<string, Driver>> => {
  const loaded = (await Promise.all(packages.map((name) => loadPackage(name, importer)))).flat();
  const drivers = new Map<string, Driver>();
  for (const one of loaded) {
    const { id } = one.factory;
    const other = loaded.find(({ factory }) => factory.id === id);
    if (other !== undefined && other !== one) refuse(one.from, `brings the driver ${id}, as ${other.from} does`);
    drivers.set(id, openOne(one, environment));
  }
  return drivers;
};
