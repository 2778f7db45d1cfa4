/** What an answer is kept under, and whose epochs it rests on: a person's and their tenant's, or the tenant's alone. */
export type Subject = { key: string; tenant_id: string; user_id: string | null };
