CREATE TABLE "innkeeper"."readings" (
	"host" text NOT NULL,
	"driver" text NOT NULL,
	"begun_at" timestamp with time zone NOT NULL,
	CONSTRAINT "readings_host_driver_pk" PRIMARY KEY("host","driver")
);
--> statement-breakpoint
ALTER TABLE "innkeeper"."hosts" ADD COLUMN "watched_by" uuid;