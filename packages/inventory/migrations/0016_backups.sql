CREATE TABLE "innkeeper"."backup_targets" (
	"name" text PRIMARY KEY NOT NULL,
	"spec" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "innkeeper"."backups" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"target" text NOT NULL,
	"workload_id" uuid NOT NULL,
	"workload_name" text NOT NULL,
	"project" text NOT NULL,
	"place" jsonb NOT NULL,
	"spec" jsonb NOT NULL,
	"image" jsonb,
	"volumes" text[] DEFAULT '{}' NOT NULL,
	"snapshot" text,
	"created_at" timestamp with time zone NOT NULL,
	"size_bytes" bigint,
	"added_bytes" bigint,
	"state" text NOT NULL,
	"verified_at" timestamp with time zone,
	"verified_ok" boolean,
	"verified_text" text,
	CONSTRAINT "backups_name_unique" UNIQUE("name")
);
--> statement-breakpoint
CREATE INDEX "backups_by_workload" ON "innkeeper"."backups" USING btree ("workload_id","created_at");