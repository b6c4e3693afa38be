ALTER TABLE "innkeeper"."workloads" ADD COLUMN "ready_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "innkeeper"."workloads" ADD COLUMN "readiness_text" text;--> statement-breakpoint
ALTER TABLE "innkeeper"."workloads" ADD COLUMN "probed_life" text;--> statement-breakpoint
ALTER TABLE "innkeeper"."workloads" ADD COLUMN "probe_at" timestamp with time zone;