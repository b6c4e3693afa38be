CREATE TABLE "innkeeper"."audit" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"who" text NOT NULL,
	"token_id" uuid,
	"address" text,
	"method" text NOT NULL,
	"path" text,
	"resource_kind" text NOT NULL,
	"resource_name" text NOT NULL,
	"project" text,
	"before" jsonb,
	"after" jsonb,
	"operation_id" uuid,
	"outcome" text NOT NULL,
	"reason" text,
	"count" integer DEFAULT 1 NOT NULL
);
--> statement-breakpoint
ALTER TABLE "innkeeper"."tokens" DROP CONSTRAINT "tokens_name_unique";--> statement-breakpoint
ALTER TABLE "innkeeper"."events" ADD COLUMN "project" text;--> statement-breakpoint
ALTER TABLE "innkeeper"."operations" ADD COLUMN "project" text;--> statement-breakpoint
ALTER TABLE "innkeeper"."tokens" ADD COLUMN "projects" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "innkeeper"."tokens" ADD COLUMN "created_by" text;--> statement-breakpoint
ALTER TABLE "innkeeper"."tokens" ADD COLUMN "expires_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "innkeeper"."tokens" ADD COLUMN "revoked_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "innkeeper"."placements" ADD COLUMN "project" text;--> statement-breakpoint
CREATE INDEX "audit_by_time" ON "innkeeper"."audit" USING btree ("at");--> statement-breakpoint
CREATE INDEX "audit_by_resource" ON "innkeeper"."audit" USING btree ("resource_name","id");--> statement-breakpoint
CREATE INDEX "audit_by_who" ON "innkeeper"."audit" USING btree ("who","id");--> statement-breakpoint
CREATE INDEX "operations_of_workload" ON "innkeeper"."operations" USING btree ("workload_id","seq");--> statement-breakpoint
CREATE UNIQUE INDEX "tokens_name_in_use" ON "innkeeper"."tokens" USING btree ("name") WHERE "innkeeper"."tokens"."revoked_at" is null;--> statement-breakpoint
UPDATE "innkeeper"."operations" o SET "project" = coalesce(w.spec->>'project', 'default') FROM "innkeeper"."workloads" w WHERE w.id = o.workload_id;--> statement-breakpoint
UPDATE "innkeeper"."placements" p SET "project" = coalesce(w.spec->>'project', 'default') FROM "innkeeper"."workloads" w WHERE w.id = p.workload_id;--> statement-breakpoint
UPDATE "innkeeper"."events" e SET "project" = coalesce(w.spec->>'project', 'default') FROM "innkeeper"."workloads" w WHERE w.id::text = e.subject_id AND e.subject_kind IN ('workload', 'guest');--> statement-breakpoint
UPDATE "innkeeper"."operations" SET "memory" = '{}' WHERE "finished_at" IS NOT NULL;--> statement-breakpoint
UPDATE "innkeeper"."placements" p SET "input" = NULL WHERE NOT EXISTS (SELECT 1 FROM "innkeeper"."workloads" w WHERE w.id = p.workload_id AND NOT w.spec ? 'cloudInit');
