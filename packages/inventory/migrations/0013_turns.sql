ALTER TABLE "innkeeper"."operations" ADD COLUMN "due" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "innkeeper"."workers" ADD COLUMN "socket" text;