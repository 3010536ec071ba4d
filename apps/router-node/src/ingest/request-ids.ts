/**
 * Names of requests, so that one that is reported again counts once, and a score that comes later finds its request.
 * Names of different sources do not mix: what one source calls unique need not be for another.
 */
export interface RequestIds {
  /** The request counts once under it. */
  readonly own: string;
  /** Further names that scores may use. */
  readonly others: readonly string[];
  /** Names under which a score may wait for it, besides. */
  readonly scoredAs: readonly string[];
}

const plain = (id: string): string => `id:${id}`;
const litellm = (id: string): string => `litellm:${id}`;
const span = (traceId: string, spanId: string): string => `span:${traceId}/${spanId}`;
const response = (id: string): string => `response:${id}`;

export const idsOfPlain = (id: string): RequestIds => ({ own: plain(id), others: [], scoredAs: [response(id)] });
/** LiteLLM's id is that of the response, where the provider gave one. */
export const idsOfLitellm = (id: string): RequestIds => ({ own: litellm(id), others: [], scoredAs: [response(id)] });
/** Some servers give the id of a response again, so it does not tell whether a request was counted. */
export const idsOfSpan = (traceId: string, spanId: string, responseId?: string): RequestIds => ({
  own: span(traceId, spanId),
  others: responseId === undefined ? [] : [response(responseId)],
  scoredAs: [],
});

/**
 * Names that a score may mean, for a response id and for a span. It waits under the first one where none of them is
 * known yet.
 */
export function scoredRequest({
  response: id,
  span: of,
}: {
  response?: string;
  span?: readonly [string, string];
}): readonly string[] {
  return [...(id === undefined ? [] : [response(id), plain(id), litellm(id)]), ...(of ? [span(...of)] : [])];
}
