ALTER TABLE "innkeeper"."placements" ALTER COLUMN "record" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "innkeeper"."placements" ADD COLUMN "winner" jsonb;--> statement-breakpoint
ALTER TABLE "innkeeper"."placements" ADD COLUMN "reason" text;--> statement-breakpoint
UPDATE "innkeeper"."placements" SET "winner" = "record" -> 'winner', "reason" = "record" ->> 'reason';--> statement-breakpoint
ALTER TABLE "innkeeper"."placements" ALTER COLUMN "reason" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "innkeeper"."placements" ADD COLUMN "packed_record" "bytea";