export { Journal, type Answer, type JournalStore, type Recorded, type Role, type Step } from './journal';
export { MemoryStore } from './memory-store';
