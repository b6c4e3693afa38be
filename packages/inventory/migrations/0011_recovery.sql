ALTER TABLE "innkeeper"."hosts" ADD COLUMN "maintenance" text;--> statement-breakpoint
ALTER TABLE "innkeeper"."hosts" ADD COLUMN "silent_since" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "innkeeper"."hosts" ADD COLUMN "epoch" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "innkeeper"."hosts" ADD COLUMN "confirmed_dead_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "innkeeper"."hosts" ADD COLUMN "confirmed_dead_by" text;--> statement-breakpoint
ALTER TABLE "innkeeper"."installation" ADD COLUMN "behind" boolean DEFAULT false NOT NULL;