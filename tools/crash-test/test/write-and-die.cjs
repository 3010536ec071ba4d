/** Writes a row as SQLite is told to sync, and dies: node write-and-die.cjs FILE FULL|OFF */
const Database = require('libsql');

const [, , file, synchronous] = process.argv;
const database = new Database(file);
database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}`);
database.exec('CREATE TABLE t (x INTEGER)');
database.exec('INSERT INTO t VALUES (7)');
process.kill(process.pid, 'SIGKILL');
