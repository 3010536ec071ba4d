export { Database, DatabaseInUse, type Migration, type Row, type SqlValue } from './database';
export { JournalTables, type JournalTablesOptions, type TableJournal } from './journal-tables';
