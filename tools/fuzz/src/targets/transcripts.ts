/** Published transcripts, as one message and as files. */
import { auditFiles, auditTranscript, publishedResult } from '@secagg/protocol';
import {
  answerMessage,
  type Bytes,
  decodeCanonical,
  encodeCanonical,
  headerMessage,
  policyMessage,
  reportMessage,
  rosterMessage,
  roundConfigMessage,
  type Signed,
  type Transcript,
  transcriptMessage,
} from '@secagg/schema';
import { mutateBytes } from '../mutate/bytes';
import { mutateMessage } from '../mutate/message';
import { envelope, messagesOf, type World } from '../world';
import { CRUDE, type Make } from './inputs';
import { type Target } from './target';

/** Changed anywhere, or in one signed part that its signer signs again. */
export function transcripts(world: World): Make {
  const seeds = world.transcripts;
  const decoded = seeds.map((bytes) => transcriptMessage.decode(bytes));
  const resign = resigner(world);
  return (draw) => {
    const at = draw.chance(0.8) ? 0 : 1;
    if (draw.chance(0.4)) return mutateMessage(seeds[at], draw, messagesOf(world, 'signed'), CRUDE);
    const transcript = structuredClone(decoded[at]);
    resign(transcript, draw);
    return transcriptMessage.encode(transcript);
  };
}

function resigner(world: World): (transcript: Transcript, draw: Parameters<Make>[0]) => void {
  const { authority, coordinator, routers, view } = world.fleet;
  const routerKey = (signed: Signed) =>
    routers.find(({ identity }) => identity.id === headerMessage.decode(signed.body).router)?.identity
      .secretKey as Bytes;
  return (transcript, draw) => {
    const again = (type: string, signed: Signed, key: Bytes): void => {
      Object.assign(signed, envelope(type, view.fleet, mutateMessage(signed.body, draw, [], CRUDE), key));
    };
    const parts = [
      () => again(policyMessage.type, transcript.policy, authority.secretKey),
      () => again(rosterMessage.type, transcript.roster, authority.secretKey),
      () => again(roundConfigMessage.type, transcript.announcement, coordinator.context.identity.secretKey),
      ...transcript.contributions.map(
        ({ header }) =>
          () =>
            again(headerMessage.type, header, routerKey(header)),
      ),
      ...transcript.reports.map(
        (signed) => () =>
          again(reportMessage.type, signed, world.voteSecrets[reportMessage.decode(signed.body).member]),
      ),
      ...transcript.answers.map(
        (signed) => () =>
          again(answerMessage.type, signed, world.voteSecrets[answerMessage.decode(signed.body).member]),
      ),
    ];
    draw.pick(parts)();
  };
}

export function transcriptTargets(world: World): Target[] {
  const { publicKey } = world.fleet.authority;
  return [
    {
      name: 'auditTranscript',
      weight: 0.5,
      make: transcripts(world),
      run: (input) => {
        const audited = auditTranscript(publicKey, transcriptMessage.decode(input));
        if (audited.kind === 'opened') publishedResult(audited);
      },
    },
    { name: 'auditFiles', weight: 0.5, make: files(world), run: (input) => void auditFiles(unpack(input), publicKey) },
  ];
}

/** The input is all files with their paths, one of them changed. */
function files(world: World): Make {
  const paths = [...world.files.keys()];
  const surplus = ['', '..', 'contributions/x.header.cbor', 'reports/99.cbor', 'pieces/0-x', 'sums/-1', '__proto__'];
  const all = [...world.files.values()];
  const packed = (changed: ReadonlyMap<string, Bytes>) => encodeCanonical([...changed]);
  return (draw) => {
    const changed = new Map(world.files);
    const path = draw.pick(paths);
    const bytes = world.files.get(path) as Bytes;
    const change = draw.below(20);
    if (change === 0) changed.delete(path);
    else if (change === 1) changed.set(draw.pick(surplus), bytes);
    else changed.set(path, path.endsWith('.cbor') ? mutateMessage(bytes, draw, all) : mutateBytes(bytes, draw, all));
    return packed(changed);
  };
}

const unpack = (input: Bytes): Map<string, Bytes> => new Map(decodeCanonical(input) as [string, Bytes][]);
