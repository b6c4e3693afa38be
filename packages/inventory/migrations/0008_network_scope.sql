ALTER TABLE "innkeeper"."network_claims" DROP CONSTRAINT "network_claims_one_holder";--> statement-breakpoint
ALTER TABLE "innkeeper"."network_claims" ADD COLUMN "scope" text;--> statement-breakpoint
UPDATE "innkeeper"."network_claims" SET "scope" = "host";--> statement-breakpoint
ALTER TABLE "innkeeper"."network_claims" ALTER COLUMN "scope" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "innkeeper"."network_claims" ADD CONSTRAINT "network_claims_one_holder" UNIQUE("scope","network","address");
