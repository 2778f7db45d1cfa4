/** A statement that each connection prepares once, under a name that no other has. */
export type Statement = { name: string; text: string };

/**
 * Asks one statement and gives its rows. Rejects with a coded error, or with the signal's reason as soon as it
 * aborts; the server is then told to stop as well.
 */
export type Ask = <Row>(statement: Statement | string, values?: readonly unknown[]) => Promise<Row[]>;
