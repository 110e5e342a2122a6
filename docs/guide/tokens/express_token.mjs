// Tokens for the widget from an Express application, for whoever is signed in there.
import express from "express";
import jwt from "jsonwebtoken";

export const helpdesk = express.Router();

helpdesk.post("/helpdesk-token", (request, response) => {
  const origin = URL.canParse(request.get("Origin")) ? new URL(request.get("Origin")).host : "";
  if (!request.session?.userId || origin !== request.get("Host")) return response.sendStatus(403);
  const options = { subject: request.session.userId, audience: "firstline", expiresIn: 600, keyid: process.env.HELPDESK_KEY_NAME };
  const token = jwt.sign({}, process.env.HELPDESK_KEY, { algorithm: "HS256", ...options });
  response.json({ token, expires_at: Math.floor(Date.now() / 1000) + 600 });
});
