/** Hears from the database when another replica has appended to the journal. */
import pg from 'pg';
import { clientOptions } from '../store/postgres/connect';
import { JOURNAL_CHANNEL } from '../store/postgres/journal-log';

const RECONNECT_MS = 500;

/**
 * Calls `onAppended` until the returned function is called. It may miss some while it is not connected: callers look by
 * themselves now and then.
 */
export function listenForAppends(url: string, onAppended: () => void): () => Promise<void> {
  let stopped = false;
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;

  const connect = async (): Promise<void> => {
    const next = new pg.Client(clientOptions(url));
    client = next;
    const again = () => {
      if (client !== next || stopped) return;
      client = undefined;
      next.end().catch(() => undefined);
      timer = setTimeout(() => void connect(), RECONNECT_MS);
    };
    next.on('error', again).on('end', again);
    next.on('notification', onAppended);
    try {
      await next.connect();
      await next.query(`LISTEN ${JOURNAL_CHANNEL}`);
      onAppended();
    } catch {
      again();
    }
  };
  void connect();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await client?.end().catch(() => undefined);
  };
}
