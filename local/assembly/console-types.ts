/** Types of the console: an HTTP API in front of a function, and the people who sign in. */
import { type Place, type ResourceType, regional, stableHex } from './resource-type.ts';
import { members, used, without } from './shapes.ts';

const tags = without('tags are labels of the account');
const description = without('for people');
const messages = without('no messages are sent: whoever adds somebody hands over the password');

/** Lower-case letters and digits, as the services draw their ids. */
const idOf = (place: Place, logicalId: string, length: number): string =>
  BigInt(`0x${stableHex(place, logicalId)}`)
    .toString(36)
    .slice(0, length);
const part = (name: string) => (of: { readonly name: string }) => `${name}/${of.name}`;

export const consoleTypes: readonly Omit<ResourceType, 'behaviour'>[] = [
  {
    type: 'AWS::ApiGatewayV2::Api',
    generateName: (place, logicalId) => idOf(place, logicalId, 10),
    arn: (of) => `arn:aws:apigateway:${of.region}::/apis/${of.name}`,
    attributes: { ApiEndpoint: (of) => of.apiUrl, ApiId: (of) => of.name },
    properties: { Description: description, Name: without('a label'), ProtocolType: used, Tags: tags },
  },
  {
    type: 'AWS::ApiGatewayV2::Integration',
    generateName: (place, logicalId) => idOf(place, logicalId, 7),
    arn: part('integrations'),
    properties: {
      ApiId: used,
      IntegrationType: used,
      IntegrationUri: used,
      PayloadFormatVersion: used,
      TimeoutInMillis: used,
    },
  },
  {
    type: 'AWS::ApiGatewayV2::Route',
    generateName: (place, logicalId) => idOf(place, logicalId, 7),
    arn: part('routes'),
    properties: { ApiId: used, AuthorizationType: used, RouteKey: used, Target: used },
  },
  {
    type: 'AWS::ApiGatewayV2::Stage',
    nameProperty: 'StageName',
    arn: part('stages'),
    properties: {
      AccessLogSettings: members({ DestinationArn: used, Format: used }),
      ApiId: used,
      AutoDeploy: without('there is one deployment: the stack that runs'),
      DefaultRouteSettings: members({ ThrottlingBurstLimit: used, ThrottlingRateLimit: used }),
      StageName: used,
      Tags: tags,
    },
  },
  {
    type: 'AWS::Cognito::UserPool',
    generateName: (place, logicalId) => `${place.region}_${idOf(place, logicalId, 9)}`,
    arn: regional('cognito-idp', (of) => `userpool/${of.name}`),
    attributes: { UserPoolId: (of) => of.name },
    properties: {
      AccountRecoverySetting: messages,
      AdminCreateUserConfig: members({ AllowAdminCreateUserOnly: used }),
      DeletionProtection: without('no call deletes a pool here'),
      EmailVerificationMessage: messages,
      EmailVerificationSubject: messages,
      Policies: members({
        PasswordPolicy: members({
          MinimumLength: used,
          RequireLowercase: used,
          RequireNumbers: used,
          RequireSymbols: used,
          RequireUppercase: used,
          TemporaryPasswordValidityDays: used,
        }),
      }),
      SmsVerificationMessage: messages,
      UserPoolName: used,
      UserPoolTags: tags,
      UsernameConfiguration: members({ CaseSensitive: used }),
      VerificationMessageTemplate: messages,
    },
  },
  {
    type: 'AWS::Cognito::UserPoolClient',
    generateName: (place, logicalId) => idOf(place, logicalId, 26),
    arn: part('clients'),
    attributes: { ClientId: (of) => of.name, Name: (of) => of.property('ClientName') ?? of.name },
    properties: {
      AccessTokenValidity: without('nobody uses the tokens'),
      AllowedOAuthFlowsUserPoolClient: without('there is no hosted page'),
      AuthSessionValidity: used,
      ClientName: without('a label'),
      EnableTokenRevocation: without('nobody uses the tokens'),
      ExplicitAuthFlows: used,
      GenerateSecret: used,
      IdTokenValidity: without('nobody uses the tokens'),
      PreventUserExistenceErrors: used,
      RefreshTokenValidity: without('nobody uses the tokens'),
      SupportedIdentityProviders: used,
      TokenValidityUnits: without('nobody uses the tokens'),
      UserPoolId: used,
    },
  },
  {
    type: 'AWS::Cognito::UserPoolGroup',
    nameProperty: 'GroupName',
    arn: part('groups'),
    properties: { Description: description, GroupName: used, UserPoolId: used },
  },
];
