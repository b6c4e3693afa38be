ALTER TABLE "innkeeper"."workloads" ADD COLUMN "ended_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "innkeeper"."workloads" ADD COLUMN "ending" jsonb;--> statement-breakpoint
ALTER TABLE "innkeeper"."workloads" ADD COLUMN "restarts" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "innkeeper"."workloads" ADD COLUMN "restart_streak" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "innkeeper"."workloads" ADD COLUMN "next_restart_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "innkeeper"."workloads" ADD COLUMN "kept_from" text;