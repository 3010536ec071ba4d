/**
 * Variables that Kubernetes sets in every container for each service of the namespace. A service named
 * `secagg-coordinator` gives SECAGG_COORDINATOR_SERVICE_HOST, SECAGG_COORDINATOR_PORT=tcp://10.0.0.1:8400,
 * SECAGG_COORDINATOR_PORT_8400_TCP_ADDR and others; one named `secagg` gives SECAGG_PORT. They are not settings.
 */
type Environment = Readonly<Record<string, string | undefined>>;

const ADDRESS = /^(tcp|udp|sctp):\/\/\S+$/;

const isServiceAddress = (value: string | undefined): boolean => value !== undefined && ADDRESS.test(value);

/** Names in this environment that belong to services. */
export function serviceVariables(environment: Environment): Set<string> {
  const names = Object.keys(environment);
  const services = new Set(
    names.flatMap((name) => {
      const service = /^(.+)_SERVICE_HOST$/.exec(name)?.[1];
      if (service !== undefined && environment[`${service}_SERVICE_PORT`] !== undefined) return [service];
      return name.endsWith('_PORT') && isServiceAddress(environment[name]) ? [name.slice(0, -'_PORT'.length)] : [];
    }),
  );
  return new Set(
    names.filter((name) =>
      [...services].some(
        (service) =>
          name.startsWith(`${service}_`) &&
          (name === `${service}_PORT`
            ? isServiceAddress(environment[name])
            : /^(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/.test(
                name.slice(service.length + 1),
              )),
      ),
    ),
  );
}
